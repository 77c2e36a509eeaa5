"""Starting phrases for what is none of the five: schools, trade, travel, mere praise."""

CHINESE = """
没有意见
都挺好的，继续保持
暂时没什么想说的
希望越来越好
生活总体满意
不清楚，刚搬来
祝大家工作顺利
问卷能不能再短一点
二维码扫了好几次才打开
小学划片怎么划的，为什么我们小区分到远的学校
学校强制学生买课外资料
老师在校外补课收费，教育局管不管
暑假学校违规补课还收费
幼儿园学费涨得太快，公办的进不去
民办学校招生承诺没有兑现
高考加分政策有变化吗
中考体育项目什么时候公布
教师招聘考试成绩不公布名次
教师编制和待遇问题多年没有解决
代课老师的工龄能不能认定
学生食堂饭菜质量差，吃出虫子
校服价格太高，指定商家
大学生助学贷款怎么还
培训机构关门了，课时费退不回来
英语培训班拖着不退学费
驾校收了钱迟迟不安排考试
网上买的手机是翻新货，商家不退
超市卖过期食品，打电话给市场监管
健身房办卡以后倒闭，会员卡的钱怎么办
快递丢了件，公司只赔三十块
旅行社低价团强制购物
景区门票太贵，淡季也不打折
酒店预订不退款，平台互相推
手机套餐乱扣费，营业厅不承认
宽带网速慢，投诉运营商没用
银行理财亏了，客户经理当初说保本
保险公司理赔拖延
加油站缺斤少两
美容院诱导贷款消费
汽车4S店加价卖车，还捆绑保险
二手车里程被改
直播间买的翡翠是假的
房屋中介收了意向金不退
个体工商户注册和注销手续
企业营业执照变更需要什么材料
税务发票开不出来
个人所得税退税怎么还没到
小作坊想办食品生产许可，不知道找哪个窗口
出口企业的补贴政策咨询
农产品卖不出去，希望帮忙找销路
农药化肥价格涨得太多
机场航班延误没有说明
高铁票太难抢
火车站进站口绕得太远
希望本地也办一场马拉松
足球场不对外开放，孩子没地方踢球
博物馆周一闭馆能不能调整
古建筑保护不够，希望修缮
电视台节目时间总是变
图书馆借书证异地能不能用
演唱会门票退票难
电影院开放时间
彩票站兑奖问题
天气太热了
今年冬天来得早
城市的名气应该好好宣传一下
建议申办全国性的体育比赛
建议发展旅游，打造本地品牌
某某网红店排队太久
测试一下
哈哈哈哈
无
"""

ENGLISH = """
no comment
everything is fine, keep going
nothing to add
I have just moved here and do not know
the school makes pupils buy extra books
private tutoring by teachers during the holidays
kindergarten fees have gone up again
the training school closed and does not refund the course
the phone I bought online was a fake
the gym closed and kept our membership money
the airline did not refund my ticket
the travel agency forced us to go shopping
my mobile operator charges for services I never ordered
the bank advisor promised a profit and we lost money
museum opening hours should be longer
how do I register a small company
tax refund has not arrived
exam results were not published
the weather was very hot this summer
good luck to everyone
test
thank you
"""

# Words of its duties, one blank apart.
TERMS = """
学校 小学 中学 初中 高中 幼儿园 大学 学院 教育局 教师 老师 教师编制 教师资格 班主任 校长 学生
学费 乱收费 补课 校外培训 培训机构 招生 录取 高考 中考 学位 学区 划片 入学 转学 学籍 毕业证 校车
食堂伙食 寒暑假 作业 教材 教辅 民办学校 民办教师 代课教师 特岗教师 师范生 考试 成绩 教师招聘
体育 足球 体育馆 文化馆 图书馆 博物馆 文物 古迹 电视台 电影 商家 消费者 消费投诉 退款 退货 发票
税务 税收 工商 营业执照 市场监管 质监 价格 涨价 物价 虚假广告 假货 商标 直销 会员卡 预付卡 电商
网购 快递公司 物流 超市 商场 酒店 旅游 旅行社 景区 门票 导游 银行 贷款 信用卡 保险公司 证券
投资公司 股票 企业 个体户 招商引资 加盟 产业 出口 外贸 电信 移动 联通 宽带 话费 流量 汽车销售
4S店 驾校 加油站 油价 农产品 茶叶 烟草 烟花厂 电力公司改制 国企改制 航班 机场 高铁 火车票 申办
品牌宣传 感谢 很好 满意 没有 不知道
"""

# The same in English, one comma apart.
ENGLISH_TERMS = """
school, teacher, college, exam, tuition, fees for school, kindergarten, shop, refund, online
shopping, tax, licence, bank, loan, insurance company, tourism, ticket, airport, train, internet
provider, restaurant prices, nothing, good, fine, none
"""
