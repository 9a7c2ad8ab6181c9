"""Predicts opinions with DNSMOS: a command of eval/protocols/dnsmos.toml."""

import json
import sys
from importlib.metadata import version

RATE = 16000


def main():
    if "--version" in sys.argv:
        print("speechmos", version("speechmos"), "onnxruntime", version("onnxruntime"))
        return
    import librosa
    from speechmos import dnsmos

    for line in sys.stdin:
        request = json.loads(line)
        answer = {"item": request["item"]}
        try:
            samples, _ = librosa.load(request["path"], sr=RATE)
            scores = dnsmos.run(samples / max(1.0, abs(samples).max()), RATE)
            answer.update({name: float(value) for name, value in scores.items()})
        except Exception as error:  # noqa: BLE001: whatever it is, the other wavs go on
            answer["error"] = str(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
