"""Starting phrases for 基层党建: party branches, cadres' conduct, openness, service, elections."""

CHINESE = """
社区党支部半年没开过一次组织生活会，党员学习全靠补记录
流动党员找不到组织，党费都不知道往哪里交
党群服务中心大门常锁着，办事的人见不到
党员活动室被拿来堆杂物，从来没搞过活动
党务公开栏还贴着去年的内容，早该更新了
村级财务多久没公开了，钱花到哪里去了大家都想知道
支部书记一年到头不下楼，群众连他长什么样都不清楚
干部下基层就是拍张照片，走完过场就回去了
有的干部态度生硬，问一句就不耐烦
窗口人员上班玩手机，群众排队干等着
办个证明跑了四趟，每次说法都不一样
街道开会多、填表多，真正干事的时间没多少
形式主义太重，检查前突击搞卫生，检查完照旧
网格员天天被要求打卡截图，没空上门
希望党员亮身份，带头给老小区做点实事
在职党员到社区报到只签个名，没见人来服务
党员先锋岗的牌子摆着，人却不在
居委会换届选举候选人怎么产生的，没人给居民讲清楚
选举那天让人代填选票，这不合规矩
村干部把低价承包的地给了自家亲戚，请纪委查一查
怀疑社区工作人员优亲厚友，补助名额都给了熟人
反映干部吃拿卡要，办点小事还要送烟
领导接待日去了三次，领导一次都没露面
群众来信石沉大海，半年没人给个说法
书记信箱写了两封信都没有回音
干部作风飘浮，电话打过去互相推
街道几个科室踢皮球，谁也不肯接
政务公开只公开好看的，群众关心的一条没有
希望支部多组织年轻党员参加志愿服务
党课内容空洞，照着稿子念，没人听得进去
老党员行动不便，希望支部能送学上门
退休党员的组织关系转接太麻烦，来回跑
新就业群体里的党员没人管，骑手也想参加学习
商圈党建搞得有声有色，值得推广
两新组织党建只挂了牌子，没有活动经费
社区书记很负责，下雨天还带着党员排查积水
党员志愿队帮独居老人打扫房子，点赞
“双报到”变成了拍照打卡，希望落到实处
主题党日就是看一场电影，没有讨论
民主评议走过场，每个人都是优秀
干部说话不算数，答应修的事拖了两年
去办事中心，工作人员爱理不理，服务意识差
午休时间窗口全关，上班族根本办不成事
希望实行首问负责，不要让群众来回跑
最多跑一次喊了好几年，材料还是越要越多
三资管理不透明，集体的门面租给谁了没人知道
集体资产出租没有开会表决，程序不对
居民代表会一年不开一次，大事都是几个人定
社区重大事项应该先征求党员和居民意见
请公开社区惠民资金的使用明细
党建经费用来买了一堆没人看的展板
展板标语换了一茬又一茬，实事没见几件
驻村干部长期不在岗，签到都是别人代签
举报某干部公车私用、违规吃喝
扶贫帮扶干部只在年底来送一次油
党支部应该带头调解楼道里的矛盾
基层减负说了很久，社区还是十几块牌子
希望红色物业不只是名字，党组织要真管事
党组织联系群众不够，入户走访流于形式
发展党员的条件和名额应该公示
年轻人想递交入党申请书，找不到人受理
退役军人党员希望支部建一个临时党小组
社区干部加班多待遇低，留不住好苗子
街道领导能到居民家里坐坐听意见，非常好
街道工作人员业务不熟，政策解释前后矛盾
公示只贴在办公楼里，居民根本看不到
党员承诺践诺墙写得满满的，完成了几项没人核对
便民服务点周末没人值班，希望延长时间
"""

ENGLISH = """
the party branch has held no meeting with residents this year
the notice board on party affairs has not been updated since last year
officials come only to take photographs and leave again
staff at the service counter were rude and kept looking at their phones
I went four times for one certificate and was sent away each time
the secretary never answers letters from residents
village accounts are not published, nobody knows where the money went
the election of the residents committee was not explained to anyone
the departments pass the matter from one to another and nobody decides
cadres give subsidies to their own relatives, please investigate
too many forms and inspections, too little real work
party members should take the lead in helping our building
the party service centre is always locked when we come
officials promised to fix it two years ago and nothing happened
please publish how the community funds were spent
party volunteers cleaned the flat of an old neighbour, well done
reception day of the leader was cancelled three times
collective property was rented out without any vote
the office closes at noon so working people cannot get anything done
corruption in the street office should be looked into
transparency of decisions is poor, we hear of them afterwards
"""

# Words of its duties, one blank apart.
TERMS = """
党员 党支部 党组织 党委 党建 党费 党课 入党 支部书记 组织生活会 主题党日 民主评议 党务公开
政务公开 村务公开 财务公开 信息公开 党群服务中心 先锋岗 双报到 基层干部 村干部 社区干部 干部作风
官僚主义 形式主义 不作为 乱作为 懒政 失职 渎职 贪污 受贿 行贿 腐败 廉政 纪委 监察 滥用职权
以权谋私 优亲厚友 吃拿卡要 打击报复 包庇 公款吃喝 公车私用 换届选举 选举 候选人 贿选 村委会选举
居民代表大会 三资管理 集体资产 集体经济 集体土地分红 村级账目 服务态度 踢皮球 推诿 首问负责
最多跑一次 办事效率 便民服务 领导接待日 书记信箱 群众路线 走访入户 驻村工作队 基层减负 挂牌 公示
统战 工会 共青团 妇联 人大代表 政协委员
"""

# The same in English, one comma apart.
ENGLISH_TERMS = """
party members, party branch, officials, corruption, bribery, office staff attitude,
transparency, election, secretary, accountability, bureaucracy, public accounts
"""
