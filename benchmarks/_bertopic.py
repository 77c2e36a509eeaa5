"""BERTopic from PyPI as a yardstick: in a throw-away environment, run on the same texts.

Its light installation is used (no sentence transformers, no model from elsewhere): jieba words,
TF-IDF and truncated SVD as the embedding, and its own defaults from there on (UMAP, HDBSCAN).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PEER = "bertopic==0.17.4"
NEEDS = ["umap-learn", "hdbscan", "scikit-learn", "pandas", "plotly", "tqdm", "pyyaml", "jieba"]
LIMIT_SECONDS = 600
SCRIPT = """
import json, sys, time
import jieba
from bertopic import BERTopic
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline
from umap import UMAP

texts = json.load(open(sys.argv[1], encoding="utf-8"))
jieba.initialize()
begun = time.process_time()
cut = [" ".join(jieba.lcut(text)) for text in texts]
words = dict(token_pattern=r"(?u)\\S\\S+")
embedder = make_pipeline(
    TfidfVectorizer(min_df=2, sublinear_tf=True, **words), TruncatedSVD(100, random_state=0)
)
model = BERTopic(
    umap_model=UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0),
    vectorizer_model=CountVectorizer(**words),
    embedding_model=embedder,
)
topics, _ = model.fit_transform(cut)
seconds = time.process_time() - begun
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
json.dump(
    {"topics": [int(t) for t in topics], "seconds": seconds, "megabytes": int(peak) / 1024},
    open(sys.argv[2], "w"),
)
"""


def bertopic_topics(texts: Sequence[str]) -> tuple[list[int], float, float]:
    """The topic of each text (-1 for none), CPU seconds and peak memory in MB.

    Raises RuntimeError with what was said when it cannot be installed or run in time.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        python = str(folder / "venv/bin/python")
        _run([sys.executable, "-m", "venv", str(folder / "venv")], "an environment cannot be made")
        pip = [python, "-m", "pip", "install", "--quiet"]
        _run([*pip, *NEEDS], f"what {PEER} needs cannot be installed")
        _run([*pip, "--no-deps", PEER], f"{PEER} cannot be installed")
        (folder / "peer.py").write_text(SCRIPT, encoding="utf-8")
        (folder / "texts.json").write_text(json.dumps(list(texts)), encoding="utf-8")
        answer = folder / "topics.json"
        command = [python, "peer.py", "texts.json", str(answer)]
        _run(command, f"{PEER} failed", folder=folder)
        found = json.loads(answer.read_text(encoding="utf-8"))
    return found["topics"], found["seconds"], found["megabytes"]


def _run(command: list[str], trouble: str, *, folder: Path | None = None) -> None:
    """Run a command; RuntimeError with the end of what it said when it fails or takes too long."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{trouble}: not done after {LIMIT_SECONDS} s") from None
    if done.returncode:
        raise RuntimeError(f"{trouble}: {done.stderr.strip()[-400:]}")
