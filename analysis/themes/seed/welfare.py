"""Starting phrases for 社会保障: pensions, insurance, work, poverty relief, care, health."""

CHINESE = """
退休手续办了三个月，养老金还没有发下来
养老保险断缴了几年，能不能补交
社保卡丢了补办要跑几个地方
医保报销比例太低，看一次病自己掏一大半
异地就医备案总是失败，老人在外地住院怎么报
居民医保每年都涨价，家里几口人负担不起
生育津贴申请了半年没有到账
公司拖欠工资三个月，农民工等钱回家过年
老板不签劳动合同，辞退也不给补偿
单位不交社保，投诉以后一直没结果
工伤认定拖了大半年，医药费自己垫着
低保申请被退回来，说我有存款，其实是看病借的
低保户资格复核太慢，断了两个月的钱
残疾人补贴停发了，没人通知原因
残疾证换证要本人到场，瘫痪在床的人怎么去
独居老人没人照顾，希望有人定期上门看看
社区没有日间照料中心，老人白天一个人在家
养老院床位紧张，排队一年都轮不上
养老院收费太高，护理还跟不上
长者食堂饭菜涨价了，份量也少了
高龄津贴什么时候发，八十岁的老人问了几次
失业金申领网上总是提示材料不全
四十多岁下岗了，希望街道介绍工作
招聘会都是保安保洁，没有适合年轻人的岗位
希望多办免费技能培训，比如月嫂和电工
创业贷款申请条件太高，小店主贷不到
公租房排了四年，不知道还要等多久
廉租房漏雨，报修没人来
公积金提取手续太繁琐
退役军人优抚金标准比别的地方低
烈属慰问金今年没有发
困难家庭孩子的助学补助怎么申请
孤儿和困境儿童谁来负责
失独家庭的扶助金希望按时发放
大病救助的门槛太高，因病返贫的人很多
临时救助申请交上去就没有消息了
社区医院没有儿科，小孩发烧要跑很远
卫生服务站的药品不全，高血压药总缺货
家庭医生签了约，一次也没上门
预约挂号太难，早上六点去排队都没有号
医院乱收费，做了不该做的检查
疫苗接种点太远，老人去一趟不容易
医生态度不好，两分钟就把人打发了
护工市场没人管，价格乱要
独生子女父母奖励金没有领到
企业退休人员的待遇和机关差太多
被征地农民的社保什么时候落实
灵活就业人员交社保压力大，希望有补贴
外卖骑手没有保险，出了事谁负责
工龄计算有误，退休金少算了几年
特殊工种提前退休的档案找不到了
遗属补助的政策问了几个窗口说法不一
事业单位临聘人员同工不同酬
加班没有加班费，休息日也要上班
夏天高温津贴从来没发过
用工单位收押金扣身份证
给盲人按摩店的扶持政策能不能讲清楚
精神障碍患者的监护补贴发放不及时
流浪乞讨人员冬天睡在桥下，需要救助
困难老人的居家养老服务券用不了
希望给空巢老人装紧急呼叫器
孕妇建档跑了三趟，材料要求不一致
长期护理保险什么时候能覆盖我们区
社保窗口人少队长，半天办不成一件事
认证养老资格要人脸识别，老人不会弄
残疾人就业岗位太少，希望按比例安排
低收入家庭的水电减免名单里没有我家
街道帮我办好了低保，非常感谢
"""

ENGLISH = """
my pension has not been paid for three months
medical insurance covers too little of the hospital bill
the factory owes us wages and nobody helps
my employer does not pay social insurance
unemployment benefit application was refused without a reason
the disability allowance stopped without notice
we need a day care centre for old people who live alone
the nursing home is too expensive and has no free bed
low income support was cancelled for our family
public rental housing has a waiting list of four years
the community clinic has no medicine for blood pressure
no doctor for children in our health centre
free training for people who lost their job would help
work injury has still not been recognised
maternity allowance has not arrived
the canteen for elderly people has become expensive
homeless people sleep under the bridge in winter
wheelchair users get no subsidy any more
retirement papers are held up for months
no help for poor families who cannot pay for school books
vaccination site is too far for old people
"""

# Words of its duties, one blank apart.
TERMS = """
社保 社会保险 养老保险 养老金 退休金 退休 退休工资 工龄 内退 病退 医保 医疗保险 新农合 合作医疗
报销 异地就医 住院 医院 医生 护士 医疗 看病 挂号 药品 药店 诊所 卫生院 卫生服务中心 疫苗 接种
体检 医疗事故 医疗纠纷 医患 卫计局 计划生育 社会抚养费 二胎 三孩 独生子女 准生证 产假 生育保险
生育津贴 工伤 失业 失业保险 失业金 就业 下岗 下岗职工 再就业 招聘 技能培训 职业资格 技师
劳动合同 劳动局 人社局 劳动仲裁 用人单位 拖欠工资 欠薪 工资 最低工资 加班费 加班 农民工 劳务派遣
辞退 临时工 合同工 编制外 同工同酬 公积金 住房公积金 住房补贴 福利待遇 津贴 补贴 绩效 调资
涨工资 低保 低保户 五保户 特困 贫困户 精准扶贫 建档立卡 救助 大病救助 慈善 残疾人 残疾证 残联
养老院 敬老院 居家养老 老年人 高龄补贴 孤儿 留守儿童 抚恤金 优抚 退伍军人 转业军人 复员
民办教师退休 乡村医生 遗属 丧葬费 廉租房 公租房 保障房 失独 食品安全中毒 传染病 精神病院
"""

# The same in English, one comma apart.
ENGLISH_TERMS = """
pension, medical insurance, hospital, doctor, clinic, wages, salary, unemployment, job training,
disability, nursing home, elderly care, low income, subsidy, allowance, maternity, work injury,
labour contract, vaccination, retirement, public housing
"""
