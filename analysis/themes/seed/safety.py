"""Starting phrases for 综治稳定: crime, fraud, fire, disputes, hidden dangers, police work."""

CHINESE = """
楼下电动车电瓶接连被偷，报警也没抓到人
小区半个月进了三次贼，希望加强巡逻
晚上有人在停车场砸车窗偷东西
监控是坏的，出了盗窃案查不到人
老人接到冒充公检法的电话，被骗走养老钱
保健品讲座专骗老年人，谁来管一管
有人以投资理财为名非法集资，钱要不回来
网贷平台跑路，派出所立案后没有进展
诈骗案件报了半年，警察说还在侦查
传销窝点就在居民楼里，天天有人进出喊口号
棋牌室通宵赌博，输了钱就打架
麻将馆里有人放高利贷
怀疑出租屋里有人吸毒，希望民警查一下
巷子里有按摩店涉黄，影响孩子
夜里醉汉在楼下打架斗殴，报警半小时才来
校门口有社会青年敲诈学生
有人跟踪女孩子，夜归不安全
家门口被泼油漆，催债的人天天来闹
恶势力垄断市场，强买强卖
村霸欺压邻居，举报多次不敢管
电动车推上楼充电，随时可能起火
有人从窗户拉线飞线充电，太危险
消防通道被私家车和隔离墩堵死
消防栓没有水，灭火器都过期了
群租房隔成十几间，电线乱拉，火灾隐患大
小作坊藏在居民楼里，堆满易燃物
液化气站离住宅太近，居民担心爆炸
燃放烟花爆竹没人管，差点烧着阳台
高空抛物砸到车顶，再这样要出人命
楼道里堆放杂物容易着火，消防检查一次没来过
外墙瓷砖脱落砸到路人，没有警戒线
工地塔吊从居民头上过，没有防护
化工厂爆炸隐患，附近居民睡不着
大型犬咬伤小孩，主人不承认
流浪狗成群，晚上追人咬人
精神病人持刀在小区游荡，请派出所关注
家暴报警几次只是口头教育
邻居因为噪音持刀威胁，希望警察介入
物业保安殴打业主，派出所处理不公
民警出警慢，态度敷衍
派出所办户口推来推去，跑了好几次
身份证办理要排两个月
外来人口登记没有人上门
治安岗亭空着，没见过有人值班
夜间巡逻的次数太少，凌晨最乱
希望在巷口多装几个摄像头
拖欠工程款引发工人堵门讨薪，要出事
业主维权拉横幅堵路，希望有人出来对话
拆迁纠纷有人上门威胁，断水断电
信访件转来转去，一年没有结果
法院判了对方不执行，老赖照样开豪车
调解员很耐心，把两家多年的矛盾解开了
土地纠纷调解多次没有结果，怕打起来
交通事故多发路段没有减速带，已经撞了几个人
酒驾飙车每天半夜在这条路上轰油门
炸街摩托车夜里扰民，交警抓一阵停一阵
货车闯红灯撞了老人，路口没有电子眼
黑车在地铁口拉客，还抢生意打架
校车超载，孩子安全没有保障
无证诊所打针出了人命
邪教宣传品塞到门缝里
非法宗教聚会在楼里唱到半夜
社区反诈宣传很及时，帮我母亲挡住了一次骗局
民警帮我找回了走失的老人，感谢
平安巡逻队每天晚上都在，心里踏实
水库边没有护栏，小孩玩水很危险
危房没有人鉴定，雨季怕塌
山坡有滑坡迹象，下面还住着人
"""

ENGLISH = """
bicycles and batteries are stolen from our yard every week
thieves broke into three flats this month
the police came half an hour after we called
my mother was cheated by a phone fraud and lost her savings
gambling all night in the card room downstairs
drunk people fight in the street after midnight
we suspect drugs are sold in the rented flat
fire exits are blocked and the extinguishers have expired
electric bikes are charged in the stairway, a fire will come
things are thrown from the high floors and nearly hit a child
a dog bit a child and the owner walks it without a muzzle
stray dogs chase people at night
cameras do not work so nobody finds the burglar
motorbikes race here at night and there have been accidents
illegal fund raising company ran away with our money
debt collectors threaten my family at the door
please let the patrol come more often in the evening
women are followed on the way home, it is not safe
domestic violence was reported and nothing was done
the mediator solved a dispute between neighbours, thank you
the old wall may collapse on people
"""

# Words of its duties, one blank apart.
TERMS = """
治安 盗窃 小偷 被偷 抢劫 抢夺 诈骗 电信诈骗 网络诈骗 集资诈骗 非法集资 传销 网贷 套路贷 高利贷
P2P 跑路 立案 报案 报警 派出所 公安局 公安 民警 警察 辅警 出警 破案 侦查 犯罪 嫌疑人 凶手 打架
斗殴 殴打 伤人 威胁 恐吓 敲诈 勒索 黑社会 扫黑除恶 黑恶势力 村霸 保护伞 赌博 赌场 麻将馆 涉黄
卖淫 吸毒 毒品 消防 消防通道 消防栓 火灾 火灾隐患 着火 飞线充电 电动车上楼 易燃 爆炸 安全隐患
危房 坍塌 滑坡 高空抛物 坠物 烟花爆竹 群租房 交通事故 酒驾 飙车 超速 闯红灯 交警 驾照 违章处罚
肇事逃逸 监控 摄像头 巡逻 治安岗亭 流浪狗 恶犬 咬伤 精神病人 家暴 调解 纠纷 上访 信访 维稳
讨薪堵门 法院 执行 判决 老赖 检察院 律师 户口 户籍 身份证 居住证 暂住证 流动人口 邪教 宗教
"""

# The same in English, one comma apart.
ENGLISH_TERMS = """
theft, thief, burglary, robbery, police, fraud, scam, gambling, drugs, fire, fire safety, fight,
threat, stray dogs, dog bite, cctv camera, patrol, accident, drunk driving, speeding, dispute,
court, violence, illegal lending
"""
