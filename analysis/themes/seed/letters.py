"""The words around a complaint, the same for every indicator: whom it is said to, what is asked.

A phrase is put into one of them before it is learnt. Without that, "the leaders", "report" and
"the masses" stand in the phrases about cadres alone, and every formal letter would be about cadres.
"""

CHINESE = """
尊敬的领导，您好！我是本区的一名普通居民，今天向您反映一件事：{}。请政府有关部门调查核实，尽快处理，给老百姓一个答复，谢谢！
关于{}的问题，多次向有关部门反映都没有解决，希望书记、区长在百忙之中过问一下，群众感激不尽。
投诉举报：{}。这样的情况已经很久了，领导也知道，却没有人管，恳请上级部门督促落实。
领导好，我们是住在这里的群众，{}，打了市长热线，答复说正在研究，请问到底什么时候能解决？
咨询一下，{}，相关政策是怎么规定的，具体由哪个单位负责，请予以回复。
恳请政府关注民生：{}。我们代表全体村民和业主联名请求，不要再互相推诿，望领导重视。
"""

ENGLISH = """
Dear sir or madam, I live in this district and report that {}. Please look into it.
Complaint: {}. I called the government hotline many times and nobody has solved it.
{}. When will the authorities do something about it, and which office is responsible?
"""
