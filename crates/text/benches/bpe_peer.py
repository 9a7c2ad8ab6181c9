# /// script
# requires-python = ">=3.10"
# dependencies = ["tokenizers==0.23.2"]
# ///
"""BPE training by Hugging Face's tokenizers on the words of `examples/bpe_bench.rs`.

    uv run crates/text/benches/bpe_peer.py words.txt 30000

Prints processor seconds, peak memory and the length of the encoded words as JSON.
"""

import json
import resource
import sys

from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.trainers import BpeTrainer

path, merges = sys.argv[1], int(sys.argv[2])
with open(path, encoding="utf-8") as file:
    alphabet = sorted(set(file.read()) - {"\n"})
tokenizer = Tokenizer(BPE())
tokenizer.pre_tokenizer = WhitespaceSplit()
trainer = BpeTrainer(
    vocab_size=len(alphabet) + merges, initial_alphabet=alphabet, min_frequency=2, show_progress=False
)
tokenizer.train([path], trainer)
usage = resource.getrusage(resource.RUSAGE_SELF)
with open(path, encoding="utf-8") as file:
    words = [line.strip() for number, line in enumerate(file) if number % 10 == 0]
length = sum(len(tokenizer.encode(word).ids) for word in words)
print(
    json.dumps(
        {
            "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
            "peak_bytes": usage.ru_maxrss * 1024,
            "merges": tokenizer.get_vocab_size() - len(alphabet),
            "tokens_per_word": round(length / len(words), 4),
        }
    )
)
