"""Starting phrases for 城市管理: roads, waste, building, parking, noise, drains, transport."""

CHINESE = """
门口的垃圾桶满了三天没人清，臭味飘到楼上
垃圾分类站点没有遮挡，夏天苍蝇成群
建筑垃圾倒在路边，下雨天泥水横流
人行道的地砖碎了一大片，老人走路容易绊倒
道路坑坑洼洼，电动车经过总是颠得厉害
修路修了大半年还没完工，灰尘满天飞
一下大雨巷口就积水，要蹚着水回家
下水道堵了，污水从井盖里往外冒
井盖松动，车子压过去哐当响，半夜吵醒人
路灯坏了好几盏，晚上漆黑一片
背街小巷没有路灯，女孩子下班不敢走
楼顶有人私自加盖，压得下面漏水
一楼住户搭了违建，把公共绿地围成自家院子
违章建筑举报了几次，到现在没有拆
流动摊贩占了整条人行道，行人只能走机动车道
早市占道经营，堵得公交车进不来
夜市烧烤油烟直往屋里灌，窗户都不敢开
饭店的排烟管对着居民窗户，味道受不了
工地半夜还在打桩，孩子睡不着
装修从早上六点就开始敲，周末也不停
广场舞音响开得太大，写作业的孩子没法静心
KTV低音炮震得墙都响，到凌晨两点
停车位太少，回家晚一点就要转半小时
车子乱停堵住消防通道和小区出口
共享单车乱堆在地铁口，推车都过不去
占用盲道停车，盲人怎么走
路边划了收费车位，价格贵得离谱
僵尸车停了一年多，占着公共车位没人拖
绿化带里的树死了没人补种
大树枝条长到窗户上，刮风打玻璃，请来修剪
公园的健身器材生锈断裂，小孩差点受伤
河道水发黑发臭，一到夏天蚊子很多
有企业偷偷往河里排污水
工厂夜里排烟，空气里一股刺鼻的塑料味
扬尘太大，工地没有喷淋也没有盖网
公交车等了四十分钟还不来
希望增加一条到地铁站的公交线路
公交站没有雨棚，夏天晒冬天淋
红绿灯时间太短，老人过不完马路
十字路口没有斑马线，过街太危险
早高峰这个路口天天堵死，能不能改成左转专用道
断头路什么时候打通，绕行要多走两公里
小广告贴得到处都是，楼道墙面一层又一层
公共厕所太脏，没有水冲
附近没有公厕，买菜的老人很不方便
道路清扫不及时，落叶和塑料袋到处飞
渣土车超载抛洒，路上全是泥
临街店铺把货物摆到门外，占了半条路
广告牌摇摇欲坠，台风天怕掉下来
电线像蜘蛛网一样垂在头顶，很不美观
自来水发黄有异味，不敢喝
经常停水不通知，做饭都没有办法
小区外面的燃气管道什么时候接通
老城区拆迁补偿标准能不能公开
旧城改造拖了几年，过渡房住得苦
规划里的学校用地变成了楼盘，请说明
高架桥离楼太近，噪音超标，要求装隔音屏
菜市场地面湿滑，污水横流，环境脏乱差
快递三轮车逆行乱窜，人行道也敢上
电动车上人行道，走路提心吊胆
施工围挡把人行道全占了，没有留通道
雨水篦子被落叶堵住，一下雨路面成河
环卫工人很辛苦，街面比以前干净多了
新修的口袋公园不错，就是座椅少了点
充电桩太少，电动汽车排队两小时
房子质量差，墙面开裂，开发商不管
楼盘烂尾两年，购房的钱退不回来
房产证一直办不下来，开发商一推再推
"""

ENGLISH = """
garbage has been dumped at the corner of the road for days
the street lights on our lane do not work at night
potholes everywhere, two wheelers fall when it rains
the footpath is broken and vendors have taken the rest of it
sewage overflows from the manhole into the street
the drain is blocked and rain water stands for days
cars are parked on both sides so nothing can pass
no parking sign is ignored and vehicles block the gate
illegal construction on the roof of the next building
construction noise continues after midnight
the bus does not stop here and comes only once an hour
the traffic signal at the junction is not working
trees have not been trimmed and touch the power line
the lake smells of chemicals and is full of plastic
burning of waste makes the air hard to breathe
restaurant smoke goes straight into our windows
public toilet is dirty and has no water
loudspeakers in the square until late in the evening
tap water is yellow and is cut off without notice
please repair the road and clean the street
dust from the building site covers everything
hoardings and advertisements stuck on every wall
"""

# Words of its duties, one blank apart.
TERMS = """
垃圾 垃圾桶 垃圾分类 垃圾站 建筑垃圾 环卫 清扫 保洁道路 扬尘 灰尘 渣土车 施工噪音 夜间施工 工地
噪声 噪音扰民 油烟 异味 臭味 废气 排污 污水 污染 黑臭水体 河道 环保 环评 雾霾 道路 马路 公路
国道 省道 高速 大道 断头路 修路 路面 坑洼 破损 沥青 硬化 人行道 盲道 天桥 地下通道 红绿灯 斑马线
路口 拥堵 堵车 交通 交通规划 公交 公交车 公交站 地铁 轻轨 线路 站点 出租车 网约车 收费站 客运
班车 停车 停车位 停车难 乱停车 违停 僵尸车 共享单车 路灯 照明 井盖 下水道 排水 积水 内涝 管网
自来水 停水 水压 停电 供电 电压 高压线 变电站 变压器 天然气 燃气 供暖 暖气 违建 违章建筑
私搭乱建 占道经营 流动摊贩 夜市 早市 市容 小广告 广告牌 城管 公厕 公园 绿化 树木 绿地 绿化带
规划 城市规划 用地 容积率 采光 拆迁 征收 征地 安置 安置房 补偿款 回迁房 棚户区 旧城改造 危房改造
开发商 楼盘 商品房 交房 房产证 不动产证 预售 烂尾 房屋质量 墙体开裂 购房 房价 限购 农村建房
宅基地 新农村建设 集镇 工程款 招投标 施工
"""

# The same in English, one comma apart.
ENGLISH_TERMS = """
garbage, waste, road, pothole, footpath, drain, sewage, street light, parking, traffic, traffic
jam, bus stop, metro, noise, air pollution, dust, water supply, power cut, illegal construction,
hawkers, vendors, lake, park, trees, manhole, signal, flooding, demolition, builder,
compensation for land
"""
