"""The theme model: what residents write becomes redacted text, an indicator and recurring themes.

Nothing is imported here, because the web process needs ``redact`` and must stay free of
scikit-learn and jieba.
"""
