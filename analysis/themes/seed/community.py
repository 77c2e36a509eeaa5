"""Starting phrases for 社区建设: property service, committees, shared facilities, neighbours."""

CHINESE = """
物业收费年年涨，服务一年不如一年
物业公司不作为，楼道灯坏了两个月不换
电梯三天两头坏，老人困在里面半小时
电梯维保没人管，维修基金申请不下来
老楼想加装电梯，一楼不同意，没人出面协调
小区没有业主委员会，想成立却没人指导
业委会把公共收益花到哪里去了从来不公布
业主大会投票造假，换物业没有经过大家同意
前期物业赖着不走，新物业进不来
楼道堆满纸箱和旧家具，邻居说了也不听
邻居养狗不拴绳，楼道里到处是狗屎
楼上漏水到我家，物业让我们自己协商
邻里为晾衣服吵了几年，希望居委会来调解
小区门禁坏了，外卖和推销随便进
小区保洁一个星期才扫一次楼梯
小区里没有老人坐的长椅，希望添几张
社区活动中心天天锁门，钥匙不知道在谁手上
社区阅览室书太旧，开放时间又短
希望社区多办亲子活动和暑期托管
社区合唱队没有排练的地方
居民议事会提的意见没有下文
老旧小区改造只刷了外墙，管道还是老样子
改造以后晾衣架没有装回去
小区没有电动车集中充电棚，只能飞线
快递柜太少，包裹堆在地上
小区健身角的器材需要换新
儿童游乐设施太旧，滑梯都裂了
无障碍坡道太陡，轮椅上不去
单元门坏了没人修，冬天冷风直灌
化粪池满了溢出来，物业说没钱清掏
二次供水水箱多久没有清洗了
公摊电费分摊不合理，账目不清
地下车库漏水，停车费照收
地下车位只卖不租，业主没地方停
小区大门口保安换得勤，没人认识业主
小区绿化被改成停车位，没有征求意见
楼栋群里没人管理，通知常常看不到
社区微信群里反映问题没人回复
居委会的人很热心，帮我们协调修好了水管
社区志愿者帮忙接送孩子，很暖心
社区邻里节办得很热闹，希望年年有
希望建一个社区花园，大家一起种
社区里新市民多，互相不认识，缺少交流
租户太多，房东不管，楼里乱糟糟
居规民约写得好，没人执行
社区工作者人手不够，一个人管两千多户
网格员换了新人，不了解我们楼的情况
希望社区开设老年大学书法班
老人不会用智能手机，社区能不能教一教
社区便民菜店关了，买菜要坐两站车
社区里想要一个理发修鞋的便民点
小区宣传栏玻璃破了，通知贴不上去
物业把会所租出去开店，业主没有活动场地
物业服务标准应该张贴出来，让大家打分
物业经理换了三个，问题还是那些问题
门卫室登记太繁琐，亲戚来一趟要等半天
小区监控坏了一半，物业说在等批钱
楼道感应灯太暗，上下楼看不清台阶
屋面漏水申请维修资金，签字签了一年
小区消毒灭蚊希望物业定期做
无物业小区没人管垃圾和门卫，居民自己凑钱
宠物随地大小便没人管，建议设宠物便箱
社区协商解决了停车纠纷，大家都满意
院子里的自行车棚塌了一角
物业欠着水费，整栋楼被停水
希望居委会把办事流程写成一页纸
楼组长年纪大了没人接班
社区食堂和图书角都建起来了，生活方便多了
"""

ENGLISH = """
the property company raises the fee and does nothing
the lift in our building breaks down every week
the owners committee never shows its accounts
neighbours leave boxes and old furniture in the stairway
dogs run without a leash in the courtyard
water leaks from the flat above and the property office will not come
the community centre is always locked
we would like a reading room and activities for children
the playground in the compound is old and the slide is cracked
no benches for old people inside the estate
the gate of the building has been broken for months
residents meeting was held but nothing came of our proposals
renovation of the old estate only painted the walls
the maintenance fund for the roof cannot be obtained
volunteers of the neighbourhood help old people, thank you
parking places in the basement are only for sale
the notice in the residents group was never answered
please organise a neighbours festival again
security guards of the estate let anyone in
common areas were rented out without asking the owners
the ramp is too steep for a wheelchair
"""

# Words of its duties, one blank apart.
TERMS = """
物业 物业公司 物业费 物业服务 物业管理 业委会 业主委员会 业主大会 业主 维修基金 公共维修资金
公共收益 电梯 加装电梯 电梯故障 楼道 楼道灯 单元门 门禁 保安 门卫 小区大门 小区环境 小区绿化
小区车位 地下车库 小区停车费 电动车棚 充电桩小区 快递柜 化粪池 二次供水 漏水 屋顶漏水 楼上漏水
公摊 外墙 老旧小区改造 小区改造 居委会 社区工作者 网格员 楼栋长 社区服务 社区活动 社区活动中心
文化活动 老年大学 阅览室 社区食堂 长者食堂 志愿者 志愿服务 邻居 邻里纠纷 邻里关系 居民议事 协商
居民公约 养狗 遛狗 宠物 狗屎 晾衣 无障碍 坡道 健身器材 儿童乐园 长椅 会所 便民点 菜店 宣传栏
微信群 居民群 托管 亲子
"""

# The same in English, one comma apart.
ENGLISH_TERMS = """
property company, property management, maintenance fee, owners committee, lift, elevator,
stairway, neighbour, neighbours, community centre, playground, compound, estate gate, security
guard, dog mess, volunteers, residents meeting, leak from upstairs
"""
