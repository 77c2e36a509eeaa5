"""Word lists of the theme model: words without meaning of their own, and traditional characters."""

from __future__ import annotations


def _listed(words: str) -> frozenset[str]:
    """Return the words of a list written with blanks between them."""
    return frozenset(words.split())


# Single characters that end a run: particles, pronouns, counters, prepositions.
STOP_CHARACTERS = frozenset(
    "的地得了着过吗呢吧啊呀嘛哦哈么之其此该这那哪您你我他她它们谁啥某每各与和及或且而但则若如因故所"
    "是在有无没不也都就还又再才只仅很太更最极已曾将要会能可应须请让叫使令被把给对向往从自由于至到为以"
    "个次位名条件种些点号年月日时分里上中下内外前后左右间等多少几大小一二三四五六七八九十百千万亿零〇两"
)

STOP_WORDS = _listed(
    """
    我们 你们 他们 她们 它们 咱们 自己 大家 别人 人家 本人 这个 那个 这些 那些 这里 那里 这样 那样
    这么 那么 怎么 怎样 什么 为什么 为何 如何 哪里 哪些 多少 几个 一个 一些 一下 一直 一样 一定 一般
    一点 一种 一次 有点 有些 有的 没有 不是 不会 不能 不要 不知 不到 不了 不得 不得不 不但 不仅 还是
    还有 还要 只是 只有 只能 就是 就会 就要 都是 都有 也是 也有 但是 可是 不过 然而 而且 并且 以及
    或者 因为 所以 因此 由于 如果 要是 虽然 即使 尽管 无论 不管 为了 关于 对于 根据 按照 通过 随着
    已经 正在 曾经 将要 可以 能够 应该 应当 必须 需要 可能 也许 大概 非常 特别 十分 比较 越来越 真的
    其实 其中 其他 另外 之前 之后 以前 以后 以来 之间 时候 现在 目前 今天 昨天 明天 今年 去年 最近
    当时 后来 然后 接着 首先 其次 最后 终于 从来 经常 常常 往往 有时 再次 多次 又是 甚至 尤其 究竟
    到底 是否 能否 可否 请问 咨询 询问 反映 投诉 举报 建议 希望 请求 恳请 恳求 强烈 要求 求助 呼吁
    反馈 留言 帖子 问题 情况 事情 事件 方面 领导 书记 市长 区长 局长 尊敬 您好 你好 谢谢 感谢 敬请
    政府 部门 有关部门 相关 相关部门 有关 工作 人员 工作人员 进行 处理 解决 答复 回复 回答 知道 认为
    觉得 看到 听说 发现 说是 说明 表示 告诉 导致 造成 影响 严重 存在 出现 发生 成为 作为 属于 包括
    具有 得到 受到 做到 来说 的话 而言 不断 仍然 依然 至今 迟迟 何时 尽快 及时 马上 立即 老百姓 百姓
    群众 市民 居民 业主 人民 国家 社会 地方 单位 公司 个人 各位 所有 任何 许多 很多 大量 部分 全部
    本来 居然 竟然 简直 根本 完全 相当 几乎 确实 肯定 只好 起来 出来 下来 过来 上去 进去 出去 下去
    千万 上午 下午 晚上 早上 中午 每天 天天 每年 每月 小时 分钟 年月日
    街道 社区 小区 街道办 居委会
    """
)

ENGLISH_STOP_WORDS = _listed(
    """
    a about above after again all also always am an and any anyone are as at away be because been
    before being below but by can cannot could day did do doe does doing done don down due each
    either etc even every few for from further get getting give given go going got had has have
    having he her here hi him his how however i if in into is it its just keep kept kindly let
    like ll make many may me more most much my need never no nor not now of off often on once one
    only or other our out over own please problem re really request said same say see she should
    since so some still such take than thank that the their them then there these they thing this
    those though thru to today too under until up upon us use used ve very want was way we well
    were what when where whether which while who why will with would year yet you your s t d m
    issue sir madam dear
    """
)

# Common traditional characters, each followed by its simplified form.
_PAIRS = (
    "個个們们這这來来時时為为說说國国會会對对開开關关過过還还進进長长東东車车門门問问間间見见現现電电話话學学書书員员業业產产區区縣县鄉乡鎮镇廳厅廠厂廣广場场館馆園园邊边處处務务無无與与"
    "從从兩两嚴严喪丧豐丰臨临舉举義义樂乐習习買买亂乱爭争於于虧亏雲云亞亚親亲億亿僅仅優优體体餘余傳传傷伤倫伦偽伪側侧債债傾倾儀仪償偿兒儿黨党蘭兰興兴養养獸兽岡冈冊册寫写軍军農农馮冯衝冲"
    "決决況况凍冻淨净準准涼凉減减幾几鳳凤憑凭凱凯擊击劃划劉刘則则剛刚創创別别劑剂劍剑動动勞劳勢势勳勋勵励勸劝匯汇協协單单賣卖盧卢衛卫壓压厭厌廁厕廂厢參参雙双發发變变葉叶號号嘆叹嚇吓嗎吗"
    "啟启嗚呜響响啞哑喚唤圍围圓圆聖圣壞坏塊块堅坚壇坛壩坝墳坟墜坠壟垄報报塵尘墊垫夢梦夠够頭头奪夺奮奋獎奖婦妇媽妈嬌娇孫孙寧宁寶宝實实寵宠審审憲宪宮宫寬宽賓宾尋寻導导壽寿將将爾尔嘗尝層层"
    "屬属歲岁豈岂崗岗島岛嶺岭帥帅師师帳帐帶带幫帮幣币幹干庫库廢废應应廟庙彎弯彈弹強强歸归當当錄录徹彻徑径復复憂忧懷怀態态憐怜總总戀恋懇恳惡恶惱恼悅悦懸悬驚惊懼惧慘惨慣惯憤愤願愿戲戏戰战"
    "戶户撲扑執执擴扩掃扫揚扬擾扰撫抚拋抛搶抢護护擔担擬拟擁拥攔拦擇择掛挂摯挚損损換换據据擺摆搖摇攝摄敗败敵敌數数斷断曠旷曉晓暫暂術术機机殺杀雜杂權权條条楊杨極极構构樞枢棗枣槍枪樓楼標标"
    "樣样橋桥檢检樹树歐欧歡欢歷历殘残殼壳毀毁畢毕氣气漢汉湯汤溝沟沒没滬沪淚泪潔洁灑洒澆浇濁浊測测濟济渾浑濃浓塗涂濤涛潤润漲涨滲渗溫温灣湾濕湿滿满濾滤濫滥靈灵災灾爐炉點点煉炼爛烂煙烟煩烦"
    "燒烧熱热愛爱爺爷牆墙牽牵犧牺狀状猶犹獨独獅狮獄狱獲获環环璽玺瑣琐畫画暢畅療疗瘋疯瘡疮瘧疟癢痒癱瘫盞盏鹽盐監监蓋盖盤盘眾众睏困矯矫礦矿碼码磚砖確确礙碍禮礼禍祸禪禅離离種种積积稱称穩稳"
    "窮穷竊窃竄窜競竞筆笔築筑篩筛簽签簡简籃篮類类糧粮糾纠紀纪約约紅红級级紛纷紙纸純纯納纳紗纱紡纺細细終终組组絆绊結结給给絕绝絡络統统絲丝經经綁绑綠绿綜综綱纲網网維维緊紧緒绪線线練练緣缘"
    "編编緩缓緯纬縮缩績绩織织繞绕繪绘繳缴繼继續续罷罢羅罗羨羡聰聪聯联聲声聽听肅肃腸肠膚肤腎肾脹胀腫肿腦脑腳脚臉脸膠胶臟脏艦舰艱艰藝艺節节蘇苏蘋苹薩萨藍蓝藥药蟲虫雖虽蝦虾補补裝装裡里裏里"
    "製制複复襪袜觀观規规視视覽览覺觉觸触計计討讨訓训託托記记訪访設设許许訴诉診诊詞词試试詩诗該该詳详誤误誘诱語语誠诚請请諸诸課课誰谁調调談谈論论講讲謝谢證证識识譜谱議议讀读讓让負负財财"
    "責责貨货貪贪貧贫貫贯貴贵貸贷費费貼贴資资賊贼賞赏賠赔賬账賴赖賺赚購购贈赠贏赢趙赵趕赶趨趋躍跃軌轨軟软較较載载輔辅輕轻輛辆輝辉輪轮輸输轄辖轉转辦办邏逻遞递遠远適适遲迟遷迁選选遺遗鄰邻"
    "醜丑醫医釀酿釋释針针釣钓鈴铃鉛铅銀银銅铜銷销鋪铺鋼钢錢钱錯错錶表鍋锅鍵键鎖锁鏡镜鐘钟鐵铁鑑鉴閃闪閉闭閒闲閣阁閱阅陣阵陰阴陳陈陸陆陽阳際际險险隨随隱隐難难霧雾靜静頂顶項项順顺須须預预"
    "頓顿頻频題题額额顏颜顧顾風风飛飞飯饭飲饮飾饰飽饱馬马駐驻駕驾駛驶騎骑騙骗騷骚驗验驟骤髒脏鬆松鬍胡鬧闹魚鱼鮮鲜鳥鸟鳴鸣鴨鸭鵝鹅麗丽麥麦麼么黃黄齊齐齒齿龍龙滯滞樁桩佈布檔档訂订註注隊队"
    "陝陕階阶雞鸡鄭郑鄧邓錦锦鋁铝閘闸鬥斗麵面籤签擠挤撥拨攤摊"
)
TRADITIONAL = {ord(_PAIRS[i]): _PAIRS[i + 1] for i in range(0, len(_PAIRS), 2)}
