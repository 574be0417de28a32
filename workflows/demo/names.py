"""Invented people: names put together from two lists, phones from a range that has never been issued."""

from collections.abc import Iterator
from random import Random

from cases.commands import Person

SURNAMES = (
    "张王李刘陈杨黄吴周徐孙马朱胡林郭何高罗郑梁谢唐许冯韩邓曹彭曾萧田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
)
GIVEN = tuple(
    two[0] + two[1]
    for two in zip(*[iter(
        "桂英建华秀珍德明玉梅国强丽娟志远春兰海波雪莲永福淑芬少军红霞文斌翠萍立新小燕家宝"
        "月娥振东美玲光荣凤琴晓峰素云长青巧珍志刚金花学文静怡大勇慧敏正平彩霞俊杰香莲庆生"
    )] * 2, strict=True)
)  # fmt: skip


def names(what: str) -> Iterator[str]:
    """Names without end, always the same ones in the same order for one use of them."""
    dice = Random(what)  # noqa: S311  # a story that can be told again, no secret
    while True:
        yield dice.choice(SURNAMES) + dice.choice(GIVEN)


def residents() -> Iterator[Person]:
    """Invented residents without end; numbers that begin with 163 have never been issued."""
    n = 0
    while True:
        name = SURNAMES[n % len(SURNAMES)] + GIVEN[n % len(GIVEN)]
        door = f"{n % 6 + 1}栋{n % 3 + 1}单元{n % 18 + 1}0{n % 2 + 1}"
        yield Person(name=name, phone=f"1630000{n % 10000:04d}", address=door)
        n += 1
