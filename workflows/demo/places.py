"""An invented district: streets, communities, estates, grids and buildings, teams and where they are posted."""

from dataclasses import dataclass
from datetime import date

from cases.models import Area, Council, Posting, Team
from cases.terms import AreaLevel, CouncilKind

ROOT = "YX"
DISTRICT = "云溪区"
# the streets, their communities, and the estates of each
TREE: dict[str, dict[str, tuple[str, ...]]] = {
    "梅园街道": {"平山社区": ("平山小区", "松林苑"), "望江社区": ("望江花园",)},
    "东湖街道": {"桂花社区": ("东湖花园",), "柳塘社区": ("柳塘新村", "荷风雅苑")},
    "石桥街道": {"红旗社区": ("红旗里",), "新安社区": ("新安家园",)},
}
GRIDS = ("第一网格", "第二网格")
BUILDINGS = range(1, 4)
# code, name, where it belongs, where it is stationed
TEAMS = (
    ("YX-T1", "平山小区工作队", "梅园街道", ("平山小区", "松林苑", "望江花园")),
    ("YX-T2", "东湖花园工作队", "东湖街道", ("东湖花园", "柳塘新村", "荷风雅苑")),
    ("YX-T3", "石桥片工作队", "石桥街道", ("红旗里", "新安家园")),
    ("YX-U1", "区市政养护所", DISTRICT, ()),
    ("YX-U2", "区城管执法队", DISTRICT, ()),
)
COUNCILS = (("YX-C1", "平山小区四方议事会", "平山小区"), ("YX-C2", "东湖花园四方议事会", "东湖花园"))


@dataclass(frozen=True)
class Places:
    """Everything that has a place on the map, by its name."""

    areas: dict[str, Area]
    estates: tuple[str, ...]
    teams: dict[str, Team]
    councils: dict[str, Council]

    def team_of(self, estate: str) -> Team:
        """The work team that is stationed in an estate."""
        return next(self.teams[code] for code, _, _, posts in TEAMS if estate in posts)


def make_places(since: date) -> Places:
    """Make the tree, the teams with their postings, and the councils."""
    areas: dict[str, Area] = {DISTRICT: _root()}
    estates: list[str] = []
    for s, (street, communities) in enumerate(TREE.items(), 1):
        areas[street] = _under(areas[DISTRICT], s, street, AreaLevel.STREET)
        for c, (community, names) in enumerate(communities.items(), 1):
            areas[community] = _under(areas[street], c, community, AreaLevel.COMMUNITY)
            for e, estate in enumerate(names, 1):
                areas[estate] = _under(areas[community], e, estate, AreaLevel.ESTATE)
                estates.append(estate)
                _grids(areas, estate)
    teams = {}
    for code, name, home, posts in TEAMS:
        teams[code] = Team.objects.create(code=code, name=name, area=areas[home])
        Posting.objects.bulk_create(Posting(team=teams[code], area=areas[post], valid_from=since) for post in posts)
    councils = {
        estate: Council.objects.create(code=code, name=name, kind=CouncilKind.FOUR_PARTY, area=areas[estate])
        for code, name, estate in COUNCILS
    }
    return Places(areas, tuple(estates), teams, councils)


def _grids(areas: dict[str, Area], estate: str) -> None:
    for g, grid in enumerate(GRIDS, 1):
        key = f"{estate}{grid}"
        areas[key] = _under(areas[estate], g, grid, AreaLevel.GRID)
        for b in BUILDINGS:
            number = (g - 1) * len(BUILDINGS) + b
            areas[f"{estate}{number}栋"] = _under(areas[key], b, f"{number}栋", AreaLevel.BUILDING)


def _root() -> Area:
    root: Area = Area.objects.add_root(instance=_area(ROOT, DISTRICT, AreaLevel.DISTRICT, DISTRICT))
    return root


def _under(parent: Area, n: int, name: str, level: AreaLevel) -> Area:
    new = _area(f"{parent.code}{n:02d}", name, level, f"{parent.full_name} · {name}")
    child: Area = Area.objects.add_child(parent, instance=new)
    return child


def _area(code: str, name: str, level: AreaLevel, full_name: str) -> Area:
    return Area(code=code, name=name, level=level, full_name=full_name)
