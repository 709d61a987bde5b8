"""Drawings that stand in for photographs of simulated activities. Each says on its face that it is one.

Seeded: one title gives one picture. Pure but for Pillow and the app's own font.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from math import cos, pi, sin
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

SIZE = (1280, 960)
LABEL = "Ảnh minh họa – không phải ảnh chụp"
FONTS = Path(__file__).parent / "theme" / "fonts"

SKIES = (
    ((120, 176, 216), (232, 240, 244)),
    ((246, 190, 130), (252, 232, 206)),
    ((70, 96, 150), (206, 176, 178)),
    ((150, 200, 210), (240, 244, 226)),
)
CLOTHES = ((178, 34, 34), (27, 94, 140), (30, 123, 79), (184, 134, 11), (120, 70, 140), (210, 105, 60), (245, 245, 240))
SKIN = ((214, 168, 130), (198, 148, 110), (226, 184, 148))

Brush = ImageDraw.ImageDraw
Colour = tuple[int, int, int]


def draw(title: str, seed: str) -> bytes:
    """A JPEG of an activity with this title."""
    random = Random(f"{seed}:{title}")  # noqa: S311 - a picture, not a secret
    image = Image.new("RGB", SIZE)
    brush = ImageDraw.Draw(image)
    _sky(brush, random)
    _scene_for(title)(brush, random)
    _caption(brush, title)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def _scene_for(title: str) -> Callable[[Brush, Random], None]:
    words = title.lower()
    for keys, scene in (
        (("thể thao", "thể dục", "bóng", "giải", "chạy", "bơi", "võ", "sport"), _pitch),
        (
            (
                "thư viện",
                "đọc",
                "sách",
                "hồ sơ",
                "làm việc",
                "một cửa",
                "công đoàn",
                "tập huấn",
                "hội nghị",
                "họp",
                "số hóa",
                "chuyển đổi số",
                "ký",
            ),
            _hall,
        ),
        (("di sản", "đình", "chùa", "đền", "lễ hội", "di tích", "bảo tàng", "trùng tu"), _temple),
        (("du lịch", "tuyến", "biển", "hồ", "sinh thái", "làng nghề"), _lake),
    ):
        if any(key in words for key in keys):
            return scene
    return _stage


def _sky(brush: Brush, random: Random) -> None:
    top, bottom = random.choice(SKIES)
    width, height = SIZE
    for y in range(height):
        share = y / height
        brush.line([(0, y), (width, y)], fill=_mix(top, bottom, share))
    x, y = random.randrange(150, width - 150), random.randrange(180, 270)
    brush.ellipse([x - 46, y - 46, x + 46, y + 46], fill=(255, 244, 214))
    for depth in range(3):
        ground = _mix((96, 140, 120), (60, 110, 80), depth / 2)
        base = 520 + depth * 46
        points = [(0, height)]
        phase, waves = random.random() * 6, random.uniform(1.2, 2.8)
        points += [(x, base + int(46 * sin(x / width * waves * pi + phase))) for x in range(0, width + 20, 20)]
        brush.polygon([*points, (width, height)], fill=ground)


def _ground(brush: Brush, colour: Colour, top: int = 660) -> None:
    brush.rectangle([0, top, SIZE[0], SIZE[1]], fill=colour)


def _stage(brush: Brush, random: Random) -> None:
    _ground(brush, (150, 118, 84))
    brush.rectangle([190, 330, 1090, 640], fill=(140, 30, 36))
    for x in range(190, 1090, 60):
        brush.polygon([(x, 330), (x + 60, 330), (x + 30, 640)], fill=(160, 40, 44))
    brush.rectangle([170, 300, 1110, 350], fill=(184, 134, 11))
    brush.rectangle([150, 640, 1130, 690], fill=(92, 62, 40))
    for nth in range(7):
        _person(brush, random, 270 + nth * 125, 640, 190, arms=True)
    for nth in range(15):
        _person(brush, random, 60 + nth * 84 + random.randrange(-14, 14), 880 + random.randrange(-10, 14), 150)
    _flags(brush, 300)


def _pitch(brush: Brush, random: Random) -> None:
    _ground(brush, (70, 140, 74), 600)
    for nth in range(6):
        if nth % 2:
            brush.rectangle([nth * 220 - 40, 600, nth * 220 + 180, 960], fill=(78, 152, 82))
    brush.rectangle([90, 640, 1190, 930], outline=(240, 246, 240), width=5)
    brush.line([(640, 640), (640, 930)], fill=(240, 246, 240), width=5)
    brush.ellipse([540, 720, 740, 850], outline=(240, 246, 240), width=5)
    colours = random.sample(CLOTHES[:6], 2)
    places = sorted((random.randrange(740, 920), random.randrange(140, 1140)) for _ in range(10))
    for nth, (y, x) in enumerate(places):  # who stands nearer hides who stands behind
        _person(brush, random, x, y, 140, colour=colours[nth % 2], arms=nth % 3 == 0)
    brush.ellipse([628, 800, 654, 826], fill=(250, 250, 250), outline=(40, 40, 40), width=2)
    _flags(brush, 560)


def _hall(brush: Brush, random: Random) -> None:
    brush.rectangle([0, 110, *SIZE], fill=(236, 226, 206))
    brush.rectangle([0, 640, *SIZE], fill=(170, 128, 92))
    brush.rectangle([300, 230, 980, 470], fill=(27, 94, 140))
    _star(brush, 640, 330, 62, (246, 208, 60))
    brush.rectangle([340, 420, 940, 432], fill=(230, 240, 247))
    for side in (40, 1040):
        for shelf in range(4):
            y = 260 + shelf * 90
            brush.rectangle([side, y + 66, side + 200, y + 74], fill=(120, 84, 54))
            x = side + 6
            while x < side + 186:
                width = random.randrange(9, 20)
                brush.rectangle([x, y + random.randrange(0, 18), x + width, y + 66], fill=random.choice(CLOTHES))
                x += width + 2
    _person(brush, random, 640, 640, 200, arms=True)
    for row in range(3):
        for nth in range(9):
            _person(brush, random, 110 + nth * 132 + row * 26, 740 + row * 90, 130)


def _temple(brush: Brush, random: Random) -> None:
    _ground(brush, (182, 160, 124))
    for level, (half, y) in enumerate(((330, 470), (230, 350))):
        brush.polygon(
            [(640 - half - 70, y - 12), (640 - half + 20, y - 70), (640 + half - 20, y - 70), (640 + half + 70, y - 12),
             (640 + half + 20, y + 10), (640 - half - 20, y + 10)],
            fill=(150, 62, 40) if level == 0 else (166, 74, 48),
        )  # fmt: skip
    brush.rectangle([420, 360, 860, 402], fill=(214, 178, 112))
    brush.rectangle([330, 480, 950, 670], fill=(206, 166, 106))
    for x in range(350, 950, 98):
        brush.rectangle([x, 480, x + 22, 670], fill=(126, 46, 34))
    brush.rectangle([580, 530, 700, 670], fill=(84, 40, 30))
    brush.rectangle([290, 666, 990, 690], fill=(150, 140, 126))
    for nth in range(13):
        _person(brush, random, 70 + nth * 96, 850 + random.randrange(-40, 50), 150, arms=nth % 4 == 0)
    _flags(brush, 430)


def _lake(brush: Brush, random: Random) -> None:
    brush.rectangle([0, 600, *SIZE], fill=(96, 158, 176))
    for _ in range(60):
        x, y = random.randrange(SIZE[0]), random.randrange(620, 840)
        brush.line([(x, y), (x + random.randrange(20, 70), y)], fill=(140, 190, 202), width=3)
    for nth in range(3):
        x, y = 180 + nth * 400 + random.randrange(-40, 40), 690 + nth % 2 * 50
        brush.polygon([(x - 110, y), (x + 110, y), (x + 70, y + 36), (x - 70, y + 36)], fill=(112, 74, 44))
        _person(brush, random, x - 24, y + 6, 110)
        _person(brush, random, x + 40, y + 6, 110, arms=True)
    brush.rectangle([0, 860, *SIZE], fill=(198, 182, 140))
    for nth in range(9):
        _person(brush, random, 100 + nth * 140, 930, 140)


def _person(
    brush: Brush, random: Random, x: int, foot: int, height: int, *, colour: Colour | None = None, arms: bool = False
) -> None:
    """A figure without a face: nobody is pictured."""
    clothes = colour or random.choice(CLOTHES)
    head = height // 7
    top = foot - height
    shoulder = top + head * 2
    brush.polygon(
        [(x - head, shoulder), (x + head, shoulder), (x + int(head * 1.5), foot), (x - int(head * 1.5), foot)],
        fill=clothes,
    )
    for side in (-1, 1):
        lift = -head * 2 if arms else head * 3
        brush.line(
            [(x + side * head, shoulder + 6), (x + side * head * 2, shoulder + lift // 2 + head)],
            fill=clothes,
            width=max(6, head // 2),
        )
    brush.ellipse([x - head, top, x + head, top + head * 2], fill=random.choice(SKIN))
    brush.pieslice([x - head, top - 3, x + head, top + head * 2], 180, 360, fill=(46, 36, 32))


def _flags(brush: Brush, y: int) -> None:
    """A line of festival pennants."""
    for nth in range(16):
        x = nth * 84
        sag = int(26 * sin(nth / 15 * pi))
        brush.polygon([(x, y + sag), (x + 50, y + sag), (x + 25, y + 56 + sag)], fill=CLOTHES[nth % 4])


def _star(brush: Brush, x: int, y: int, radius: int, colour: Colour) -> None:
    points = []
    for nth in range(10):
        length = radius if nth % 2 == 0 else radius * 0.382
        points.append((x + length * sin(nth * pi / 5), y - length * cos(nth * pi / 5)))
    brush.polygon(points, fill=colour)


def _caption(brush: Brush, title: str) -> None:
    width, _ = SIZE
    brush.rectangle([0, 0, width, 118], fill=(19, 69, 103))
    lines = _wrapped(brush, title, _font(38, "SemiBold"), width - 80)
    for nth, line in enumerate(lines[:2]):
        brush.text(
            (40, (14 if len(lines) > 1 else 34) + nth * 48), line, font=_font(38, "SemiBold"), fill=(255, 255, 255)
        )
    font = _font(26, "Regular")
    span = brush.textlength(LABEL, font=font)
    brush.rounded_rectangle([width - span - 66, 896, width - 22, 944], 24, fill=(255, 244, 214))
    brush.text((width - span - 44, 902), LABEL, font=font, fill=(138, 90, 0))


def _wrapped(brush: Brush, text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if brush.textlength(longer, font=font) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@cache
def _font(size: int, weight: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"BeVietnamPro-{weight}.ttf", size)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
