"""What others may see of a resident: masked phone, name, address, and free text without numbers that identify."""

import re
import unicodedata

# `\d` takes full-width digits too, which Chinese input methods write. No pattern starts at the digits that an earlier
# pass left behind its stars, so masking twice changes nothing.
_TAIL = r"(?<=[\d-]\*{4})\d{4}(?!\d)|(?<=\d\*{9})\d{3}(?!\d)|(?<=\d\*{11})\d{3,4}(?!\d)"
_START = rf"(?<!\d)(?!{_TAIL})"
_GAP = r"[ \t\u00a0\u3000.·\-\u2010-\u2015－]"
_COUNTRY = rf"(?:\+|00)?86{_GAP}{{0,2}}"
_ID18 = re.compile(rf"{_START}[1-9]\d{{5}}[ -]?\d{{8}}[ -]?\d{{3}}[\dXxＸ](?!\d)")
_ID15 = re.compile(rf"{_START}[1-9]\d{{14}}(?!\d)")
_LONG = re.compile(rf"{_START}\d{{16,}}")  # bank cards, numbers written without a gap between them
_GROUPS = (  # 138 0013 8000, 1380 0138 000, 138 001 38000: the second needs the same gap twice, or years would match
    rf"\d{{3}}{_GAP}{{0,2}}\d{{4}}{_GAP}{{0,2}}\d{{4}}"
    rf"|\d{{4}}(?P<gap>{_GAP}{{1,2}})\d{{4}}(?P=gap)\d{{3}}"
    rf"|\d{{3}}{_GAP}{{1,2}}\d{{3}}{_GAP}{{1,2}}\d{{5}}"
)
_MOBILE = re.compile(rf"{_START}({_COUNTRY}|0)?(?=([1１][3-9３-９]\d))(?:{_GROUPS})(?!\d)")
_AREA = rf"(?:(?:\+|00)86{_GAP}{{0,2}}0?|[0０])(?:10|2\d|[3-9]\d{{2}})"
_LANDLINE = re.compile(
    rf"{_START}[(（]?({_AREA})(?:[)）]{_GAP}{{0,2}}|{_GAP}{{1,2}})\d{{3,4}}[ -]?(\d{{4}})(?!\d)"
    rf"|{_START}({_AREA})\d{{3,4}}(\d{{4}})(?!\d)"
)
_LOCAL = re.compile(r"((?:电话|座机|固话)(?:号码)?[是为]?[：: ]{0,2})([2-8])\d{2,3}(\d{4})(?!\d)")
# One start for each run of characters: without the look-behind a long word costs the square of its length.
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+@＠-])([A-Za-z0-9._%+@＠-])[A-Za-z0-9._%+@＠-]*[@＠]([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
)
_BUILDING = re.compile(r"^.*?(?:号楼|栋|幢|座)")


def mask_phone(phone: str) -> str:
    """138****5678; any other number keeps its first three and last two digits."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone))
    digits = re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)
    if not digits:
        return ""
    if len(digits) == 11 and digits[0] == "1":  # noqa: PLR2004
        return f"{digits[:3]}****{digits[-4:]}"
    return f"{digits[:3]}****{digits[-2:]}" if len(digits) > 6 else "****"  # noqa: PLR2004


def mask_name(name: str) -> str:
    """The family name, and a star for each character after it."""
    text = name.strip()
    return text[:1] + "*" * max(len(text) - 1, 1) if text else ""


def mask_address(address: str) -> str:
    """Up to the building; what lies beyond it is hidden."""
    text = address.strip()
    if not text:
        return ""
    found = _BUILDING.match(text)
    return f"{found.group()}***" if found else "***"


def mask_email(email: str) -> str:
    """The first letter and the domain."""
    return _EMAIL.sub(r"\1***@\2", email)


def mask_text(text: str) -> str:
    """Free text with phones, identity and card numbers and e-mail addresses masked; dates and case numbers stay."""
    text = mask_email(text)  # first: what stands before the sign is often a phone
    text = _ID18.sub(lambda m: f"{m.group()[:3]}{'*' * 11}{m.group()[-4:]}", text)
    text = _ID15.sub(lambda m: f"{m.group()[:3]}{'*' * 9}{m.group()[-3:]}", text)
    text = _LONG.sub(lambda m: f"{m.group()[:3]}{'*' * 11}{m.group()[-4:]}", text)
    text = _MOBILE.sub(_masked_mobile, text)
    text = _LANDLINE.sub(lambda m: f"{m[1] or m[3]}-****{m[2] or m[4]}", text)
    return _LOCAL.sub(r"\1\2****\3", text)


def _masked_mobile(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return f"{match[1] or ''}{match[2]}****{digits[-4:]}"
