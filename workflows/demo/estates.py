"""The estates of the invented district; a small demonstration is made of the first ones, where its stories are told."""

from typing import NamedTuple

OLD, VILLAGE, CONFLICT = "老旧小区", "城中村", "矛盾突出小区"


class Estate(NamedTuple):
    """Where a work team is stationed, in which street and community, and why there."""

    name: str
    street: str
    community: str
    kind: str


FIRST = (
    Estate("平山小区", "梅园街道", "平山社区", OLD),
    Estate("松林苑", "梅园街道", "平山社区", OLD),
    Estate("望江花园", "梅园街道", "望江社区", CONFLICT),
    Estate("东湖花园", "东湖街道", "桂花社区", CONFLICT),
    Estate("柳塘新村", "东湖街道", "柳塘社区", VILLAGE),
    Estate("荷风雅苑", "东湖街道", "柳塘社区", OLD),
    Estate("红旗里", "石桥街道", "红旗社区", OLD),
    Estate("新安家园", "石桥街道", "新安社区", CONFLICT),
)
# street, community, estates; a mark says what kind: 村 a village in the city, ! an estate with conflicts
MORE = (
    ("梅园街道", "平山社区", "梅香里"),
    ("梅园街道", "望江社区", "江岸里 望江村"),
    ("梅园街道", "杏林社区", "杏林苑 百草里! 杏林新苑"),
    ("梅园街道", "书院社区", "书院里 文昌苑"),
    ("东湖街道", "桂花社区", "桂花里 湖滨公寓!"),
    ("东湖街道", "柳塘社区", "柳岸人家"),
    ("东湖街道", "渔湾社区", "渔湾村 渔湾里 湖心苑"),
    ("东湖街道", "清波社区", "清波苑 碧波里!"),
    ("石桥街道", "红旗社区", "红旗新村! 红星里"),
    ("石桥街道", "新安社区", "新安里 石桥村"),
    ("石桥街道", "永安社区", "永安里 永兴苑 永乐里"),
    ("石桥街道", "铁匠营社区", "铁匠营 北营里!"),
    ("青塔街道", "青塔社区", "青塔小区 塔影苑 塔下村"),
    ("青塔街道", "向阳社区", "向阳里 朝阳苑! 东风里"),
    ("青塔街道", "纺织社区", "纺织一村 纺织二村 锦绣苑"),
    ("青塔街道", "果园社区", "果园里 桃李苑"),
    ("麦地街道", "麦地社区", "麦地小区 金穗苑 麦地村"),
    ("麦地街道", "丰收社区", "丰收里 仓前街小区 丰乐苑!"),
    ("麦地街道", "机床社区", "机床厂宿舍 光明里 和平苑"),
    ("麦地街道", "柿子园社区", "柿子园"),
    ("北屏街道", "北屏社区", "北屏小区 屏山苑 屏山村"),
    ("北屏街道", "云台社区", "云台里 云锦苑! 云栖里"),
    ("北屏街道", "松涛社区", "松涛苑 松涛里"),
    ("北屏街道", "泉水社区", "泉水里 上泉村"),
    ("南渡街道", "南渡社区", "南渡里 渡口新村!"),
    ("南渡街道", "码头社区", "码头里 望帆苑"),
    ("南渡街道", "盐仓社区", "盐仓里 南渡村"),
)


def _more() -> tuple[Estate, ...]:
    rows = ((street, community, name) for street, community, names in MORE for name in names.split())
    return tuple(Estate(name.rstrip("!"), street, community, _kind(name)) for street, community, name in rows)


def _kind(name: str) -> str:
    if name.endswith("!"):
        return CONFLICT
    return VILLAGE if name.endswith("村") and not name.endswith(("一村", "二村", "新村")) else OLD


ESTATES = (*FIRST, *_more())
