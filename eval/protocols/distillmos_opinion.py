"""Predicts opinions with DistillMOS: a command of eval/protocols/distillmos.toml."""

import json
import sys
from importlib.metadata import version

RATE = 16000


def main():
    if "--version" in sys.argv:
        print("distillmos", version("distillmos"), "torch", version("torch"))
        return
    import soundfile
    import torch
    from distillmos import ConvTransformerSQAModel
    from torchaudio.transforms import Resample

    model = ConvTransformerSQAModel()
    model.eval()
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"item": request["item"]}
        try:
            samples, rate = soundfile.read(request["path"], dtype="float32", always_2d=True)
            mono = torch.from_numpy(samples.T)[:1]
            with torch.no_grad():
                answer["mos"] = model(Resample(rate, RATE)(mono)).item()
        except Exception as error:  # noqa: BLE001: whatever it is, the other wavs go on
            answer["error"] = str(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
