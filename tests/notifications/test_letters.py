from notifications.letters import letter, link, listing, marked, plain

OURS = "https://z.example/"
TABLE = listing(["- 1 灯", "  https://z.example/1/"], [["1", link("灯 <b>", "https://z.example/1/")]])


def body_of(text: str, **given: object) -> str:
    words, lists = marked({"list": TABLE, "none": listing([], []), **given})
    return (
        letter("主题", text.format(**words), links=[OURS], lists=lists)
        .partition("<body>\n")[2]
        .partition("\n</body>")[0]
    )


def test_paragraphs_are_escaped_and_only_lines_that_end_with_our_own_links_become_links() -> None:
    assert body_of("甲 <i>\n乙") == "<p>甲 &lt;i&gt;<br>乙</p>"
    assert body_of("打开：https://z.example/x/") == '<p><a href="https://z.example/x/">打开</a></p>'
    assert body_of("Open: https://z.example/") == '<p><a href="https://z.example/">Open</a></p>'
    assert body_of("打开：https://evil.example/") == "<p>打开：https://evil.example/</p>"


def test_a_list_is_a_table_under_its_title_and_plain_lines_in_plain_text() -> None:
    assert body_of("超期\n{list}\n\n完").startswith('<h2>超期</h2>\n<table border="1"')
    assert "灯 &lt;b&gt;</a>" in body_of("{list}")
    assert body_of("都在这里 {list} 了").startswith("<p>都在这里 <table")
    words, lists = marked({"list": TABLE, "none": listing([], [])})
    assert words["none"] == ""  # so that a condition sees that there is nothing
    assert plain(f"甲\n\n\n\n{words['list']}", lists) == "甲\n\n- 1 灯\n  https://z.example/1/"


def test_what_stands_below_the_line_is_small() -> None:
    found = body_of("甲\n\n--\n乙\n设置：https://z.example/s/")
    assert found == '<p>甲</p>\n<p><small>乙<br><a href="https://z.example/s/">设置</a></small></p>'
