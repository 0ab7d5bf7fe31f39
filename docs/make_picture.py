"""Make a picture for the README from a run folder: `python docs/make_picture.py RUN NAME.png TIME …`."""

import sys
from pathlib import Path

import av
import numpy as np
from PIL import Image


def main() -> None:
    """Put frames of the video side by side."""
    folder, name, stamps = Path(sys.argv[1]), sys.argv[2], [float(t) for t in sys.argv[3:]]
    with av.open(str(folder / "video.mp4")) as video:
        frames = [(frame.time, frame.to_image()) for frame in video.decode(video=0)]
    chosen = [min(frames, key=lambda item: abs(item[0] - t))[1] for t in stamps]
    strip = Image.fromarray(np.hstack([np.asarray(image) for image in chosen]))
    width = 1400
    strip = strip.resize((width, strip.height * width // strip.width), Image.Resampling.LANCZOS)
    strip.save(Path(__file__).parent / name, optimize=True)


if __name__ == "__main__":
    main()
