"""Writes down what PocketSphinx hears in wavs: a command of eval/protocols/pocketsphinx.toml."""

import array
import json
import sys
import wave
from importlib.metadata import version

RATE = 16000


def samples(path):
    """The samples of a mono wav of 16 bits at 16 kHz, by linear interpolation between those that it has."""
    with wave.open(path, "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"the wav has {8 * file.getsampwidth()} bits per sample, not 16")
        pcm = array.array("h", file.readframes(file.getnframes()))[:: file.getnchannels()]
        rate = file.getframerate()
    made = array.array("h")
    for index in range(len(pcm) * RATE // rate):
        place = index * rate / RATE
        before = int(place)
        after = min(before + 1, len(pcm) - 1)
        made.append(round(pcm[before] + (place - before) * (pcm[after] - pcm[before])))
    return made.tobytes()


def main():
    if "--version" in sys.argv:
        print("pocketsphinx", version("pocketsphinx"))
        return
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=RATE)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"item": request["item"]}
        try:
            decoder.start_utt()
            decoder.process_raw(samples(request["path"]), full_utt=True)
            decoder.end_utt()
            heard = decoder.hyp()
            answer["text"] = heard.hypstr if heard else ""
        except (OSError, EOFError, ValueError, RuntimeError, wave.Error) as error:
            answer["error"] = str(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
