"""Shapes by their coordinates, and their undoing, through Streamlit's own test runner."""

from __future__ import annotations

from streamlit.testing.v1.element_tree import NumberInput

from tests.pages.test_pages import LIVE, answer_of, link_of, open_app


def test_a_region_can_be_typed_and_taken_back() -> None:
    app = open_app(LIVE, unfolded="demo_region")
    app.selectbox(key="demo_region_kind").set_value("bbox").run()
    for name, value in (("left", 50), ("top", 60), ("right", 150), ("bottom", 170)):
        app.number_input(key=f"demo_region_bbox_{name}").set_value(value)
    app.button(key="demo_region_add").click().run()
    assert link_of(app)["marks"] == "bbox:50,60,150,170"
    assert "with the box" in answer_of(app)
    app.number_input(key="demo_region_bbox_right").set_value(40)
    app.button(key="demo_region_add").click().run()
    assert "left to be less than right" in app.error[0].value
    app.number_input(key="demo_region_bbox_right").set_value(513)
    app.button(key="demo_region_add").click().run()
    assert "right from 0 to 512" in app.error[0].value
    app.button(key="demo_undo").click().run()
    assert "marks" not in link_of(app)
    app.button(key="demo_redo").click().run()
    assert link_of(app)["marks"] == "bbox:50,60,150,170"


def test_a_shape_is_changed_by_its_coordinates_one_pixel_at_a_time() -> None:
    app = open_app(
        LIVE,
        {"marks": "circle:100,120,260,300;arrow:20,20,90,90.5;contour:300,300,400,300,400,400"},
        unfolded="demo_region",
    )

    def field(name: str) -> NumberInput:
        return next(one for one in app.number_input if one.label == name)  # the fields of a new shape come later

    def choose(place: int) -> None:
        next(one for one in app.selectbox if one.label == "Change").set_value(place).run()

    assert field("Right").value == 400
    field("Right").increment().run()
    choose(0)
    assert [field(side).value for side in ("Left", "Top", "Right", "Bottom")] == [100, 120, 260, 300]
    field("Left").increment().run()
    field("Left").increment().run()
    assert link_of(app)["marks"].split(";")[0] == "circle:102,120,260,300"
    choose(1)
    field("Tip y").set_value(99.5).run()
    drawn = "circle:102,120,260,300;arrow:20,20,90,99.5;contour:300,300,401,300,401,400"
    assert link_of(app)["marks"] == drawn
    for value in (600, -1):
        field("Tip x").set_value(value).run()
        assert "tip x from 0 to 512" in app.error[0].value
        assert field("Tip x").value == 90
        assert link_of(app)["marks"] == drawn
    app.button(key="demo_undo").click().run()
    assert link_of(app)["marks"] == drawn.replace("99.5", "90.5")
    choose(1)
    assert field("Tip y").value == 90.5
    app.button(key="demo_clear").click().run()
    app.button_group(key="demo_color-1").set_value("blue").run()
    app.button(key="demo_undo").click().run()
    assert link_of(app)["marks"] == drawn.replace("99.5", "90.5")
