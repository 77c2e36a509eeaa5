"""The mathematics of Jieping: pure functions from counts and a policy to indices and verdicts.

Nothing here knows the web, the database, a file, a clock or the environment (only
``analysis.commands`` opens files). Importing this package is cheap on purpose: it loads
numpy and ``scipy.special``, never scikit-learn.
"""
