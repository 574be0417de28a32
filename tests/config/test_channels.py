"""Settings of the channels: a word that is wrong stops the start with a sentence that names it."""

import pytest

from config import channels
from config.env import SettingsError


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SMS_URL", "SMS_SECRET", "WECHAT_FIELDS", "WEBHOOK_NETWORKS", "WECOM_BASE_URL"):
        monkeypatch.delenv(f"ZHUOLUO_{name}", raising=False)


def test_without_settings_nobody_is_written_to_and_platforms_are_where_they_are() -> None:
    assert channels.sms_url() == ""
    assert channels.networks() == ()
    assert channels.fields() == (("first", "subject"), ("remark", "lead"))
    assert channels.platform("WECOM", "https://qyapi.weixin.qq.com") == "https://qyapi.weixin.qq.com"


def test_a_private_deployment_has_an_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUOLUO_WECOM_BASE_URL", "https://wecom.example.gov.cn/")
    assert channels.platform("WECOM", "https://qyapi.weixin.qq.com") == "https://wecom.example.gov.cn"


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("SMS_URL", "https://sms.example.org/", channels.sms_url),  # without its secret
        ("SMS_URL", "sms.example.org", channels.sms_url),
        ("WECHAT_FIELDS", "thing1", channels.fields),
        ("WECHAT_FIELDS", "thing1:phone", channels.fields),
        ("WEBHOOK_NETWORKS", "10.20.0.1/16", channels.networks),
        ("WEBHOOK_NETWORKS", "inner", channels.networks),
    ],
)
def test_what_is_malformed_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: object) -> None:
    monkeypatch.setenv(f"ZHUOLUO_{name}", value)
    with pytest.raises(SettingsError, match=f"ZHUOLUO_{name}"):
        read()  # type: ignore[operator]


def test_one_of_several_that_belong_together_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    channels.together("WECOM_CORP_ID", "WECOM_SECRET")
    monkeypatch.setenv("ZHUOLUO_WECOM_CORP_ID", "corp")
    with pytest.raises(SettingsError, match="ZHUOLUO_WECOM_SECRET"):
        channels.together("WECOM_CORP_ID", "WECOM_SECRET")
