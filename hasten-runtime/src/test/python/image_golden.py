"""Makes src/test/resources/images.npz: what Pillow and OpenCV make of small images.

    python -m venv venv && venv/bin/pip install numpy Pillow==12.3.0 opencv-python-headless==5.0.0.93
    venv/bin/python hasten-runtime/src/test/python/image_golden.py hasten-runtime/src/test/resources/images.npz

OpenCV 4.14.0 gives the same file; Pillow 13 does not (see PillowResize). Names: `source/…` are pixels, `file/…` whole image files,
`decoded/…` their pixels, `pillow/<source>/<method>/<w>x<h>` and `opencv/…` resized ones, `gray/…`
brightness, `whole/…` results of whole pipelines written down in NumPy.
"""

import io
import math
import sys

import cv2
import numpy as np
from PIL import Image, ImageOps

cv2.ipp.setUseIPP(False)
rng = np.random.default_rng(20)
golden = {}


def scene(width, height, noise):
    """Slopes, edges and noise."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [
        128 + 100 * np.sin(x / 5.0) * np.cos(y / 7.0),
        255.0 * x / width,
        np.where((x // 6 + y // 5) % 2, 240.0, 15.0),
    ]
    image = np.stack(channels, axis=-1) + rng.normal(0, noise, (height, width, 3))
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


sources = {"color": scene(60, 44, 20), "gray": scene(35, 51, 20)[..., 2]}
# Large jumps make cubic filters overshoot, which must be cut off.
sources["harsh"] = (rng.integers(0, 2, (24, 36, 3)) * 255).astype(np.uint8)

PILLOW = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
OPENCV = {
    "nearest": cv2.INTER_NEAREST,
    "bilinear": cv2.INTER_LINEAR,
    "bicubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
}
SIZES = {
    "color": [(23, 17), (30, 22), (20, 11), (60, 19), (70, 50), (7, 51)],
    "gray": [(23, 17), (41, 60)],
    "harsh": [(20, 11), (43, 31)],
}

for name, image in sources.items():
    golden[f"source/{name}"] = image
    for width, height in SIZES[name]:
        for method, code in PILLOW.items():
            resized = Image.fromarray(image).resize((width, height), code)
            golden[f"pillow/{name}/{method}/{width}x{height}"] = np.asarray(resized)
        for method, code in OPENCV.items():
            golden[f"opencv/{name}/{method}/{width}x{height}"] = cv2.resize(
                image, (width, height), interpolation=code
            )

cv2.ipp.setUseIPP(True)
golden["ipp/color/bicubic/23x17"] = cv2.resize(
    sources["color"], (23, 17), interpolation=cv2.INTER_CUBIC
)
cv2.ipp.setUseIPP(False)

cube = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
golden["source/cube"] = cube
golden["gray/pillow"] = np.asarray(Image.fromarray(cube).convert("L"))
golden["gray/opencv"] = cv2.cvtColor(cube, cv2.COLOR_RGB2GRAY)


def add_file(name, image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    golden[f"file/{name}"] = np.frombuffer(out.getvalue(), np.uint8)
    read = Image.open(io.BytesIO(out.getvalue()))
    golden[f"decoded/{name}"] = np.asarray(ImageOps.exif_transpose(read.convert("RGB")))
    return read


picture = Image.fromarray(scene(45, 30, 3))
photo = Image.fromarray(cv2.GaussianBlur(scene(45, 30, 3), (0, 0), 1.5))
alpha = Image.fromarray(np.linspace(0, 255, 45 * 30).reshape(30, 45).astype(np.uint8))
with_alpha = picture.copy()
with_alpha.putalpha(alpha)
gray = picture.convert("L")
gray_alpha = gray.copy()
gray_alpha.putalpha(alpha)

add_file("jpeg-444", photo, format="JPEG", quality=92, subsampling=0)
add_file("jpeg-422", photo, format="JPEG", quality=92, subsampling=1)
add_file("jpeg-420", photo, format="JPEG", quality=92, subsampling=2)
add_file("jpeg-progressive", photo, format="JPEG", quality=92, subsampling=0, progressive=True)
add_file("jpeg-gray", gray, format="JPEG", quality=92)
add_file("jpeg-cmyk", photo.convert("CMYK"), format="JPEG", quality=95, subsampling=0)
add_file("png-rgb", picture, format="PNG")
add_file("png-alpha", with_alpha, format="PNG")
add_file("png-palette", picture.quantize(50), format="PNG")
add_file("png-gray", gray, format="PNG")
add_file("png-gray-alpha", gray_alpha, format="PNG")
add_file("png-1-bit", gray.convert("1"), format="PNG")
add_file("bmp-24", picture, format="BMP")
add_file("bmp-8", gray, format="BMP")
add_file("gif", picture.quantize(60), format="GIF")
add_file("webp-lossless", picture, format="WEBP", lossless=True)
add_file("webp-lossy", photo, format="WEBP", quality=92)
add_file("webp-alpha", with_alpha, format="WEBP", lossless=True, exact=True)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind, options in [("JPEG", {"quality": 92, "subsampling": 0}), ("PNG", {})]:
        image = photo if kind == "JPEG" else picture
        name = f"{kind.lower()}-turned-{orientation}"
        read = add_file(name, image, format=kind, exif=exif, **options)
        transposed = ImageOps.exif_transpose(read).convert("RGB")
        golden[f"decoded/{name}"] = np.asarray(transposed)
exif = Image.Exif()
exif[0x0112] = 6
add_file("webp-turned-6", picture, format="WEBP", lossless=True, exif=exif)
golden["decoded/webp-turned-6"] = np.asarray(picture.transpose(Image.Transpose.ROTATE_270))

deep = rng.integers(0, 65536, (9, 14), dtype=np.uint16)
ok, png = cv2.imencode(".png", deep)
golden["file/png-16-bit"] = png.ravel()
golden["decoded/png-16-bit"] = np.repeat((deep >> 8).astype(np.uint8)[..., None], 3, axis=-1)

# Whole pipelines, as their authors write them.
color = sources["color"]
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)


def classification(image, shortest, crop):
    """torchvision: Resize(shortest), CenterCrop(crop), ToTensor, Normalize."""
    height, width = image.shape[:2]
    if width <= height:
        size = (shortest, int(shortest * height / width))
    else:
        size = (int(shortest * width / height), shortest)
    resized = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
    top = int(round((size[1] - crop) / 2.0))
    left = int(round((size[0] - crop) / 2.0))
    cut = resized[top : top + crop, left : left + crop].astype(np.float32) / np.float32(255)
    return ((cut - MEAN) / STD).transpose(2, 0, 1)[None]


golden["whole/classification"] = classification(color, 32, 27)


def letterbox(image, size, fill):
    """Detectors of the YOLO family: scaled, in the middle, gray around it."""
    height, width = image.shape[:2]
    ratio = min(size / height, size / width)
    inner = (int(round(width * ratio)), int(round(height * ratio)))
    resized = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
    rest_x, rest_y = (size - inner[0]) / 2, (size - inner[1]) / 2
    left, top = int(round(rest_x - 0.1)), int(round(rest_y - 0.1))
    box = np.full((size, size, 3), fill, np.uint8)
    box[top : top + inner[1], left : left + inner[0]] = resized
    return (box.astype(np.float32) / np.float32(255)).transpose(2, 0, 1)[None]


golden["whole/letterbox"] = letterbox(color, 53, 114)


def recognition(images, height, min_width):
    """PP-OCR's recognition: BGR, fixed height, zeros on the right."""
    widest = max([min_width / height] + [i.shape[1] / i.shape[0] for i in images])
    width = int(height * widest)
    batch = np.zeros((len(images), 3, height, width), np.float32)
    for n, image in enumerate(images):
        ratio = image.shape[1] / image.shape[0]
        inner = min(width, int(math.ceil(height * ratio)))
        resized = cv2.resize(image[..., ::-1], (inner, height)).astype(np.float32)
        batch[n, :, :, :inner] = (resized.transpose(2, 0, 1) / 255 - 0.5) / 0.5
    return batch


wide = golden["source/wide"] = scene(91, 22, 9)
golden["whole/recognition"] = recognition([color, sources["harsh"], wide], 24, 40)


def detection(image, at_most):
    """PP-OCR's detection: the longer side limited, both sides multiples of 32."""
    height, width = image.shape[:2]
    ratio = at_most / max(height, width) if max(height, width) > at_most else 1.0
    new_h = max(int(round(int(height * ratio) / 32) * 32), 32)
    new_w = max(int(round(int(width * ratio) / 32) * 32), 32)
    resized = cv2.resize(image[..., ::-1], (new_w, new_h)).astype(np.float32)
    return ((resized * np.float32(1 / 255) - MEAN) / STD).transpose(2, 0, 1)[None]


golden["source/page"] = scene(110, 41, 9)
golden["whole/detection"] = detection(golden["source/page"], 100)
golden["whole/nhwc"] = np.asarray(
    Image.fromarray(color).resize((19, 13), Image.Resampling.BICUBIC)
)[None]

np.savez_compressed(sys.argv[1], **golden)
