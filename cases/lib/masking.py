"""What others may see of a resident: masked phone, name, address, and free text without numbers that identify."""

import re

_ID18 = re.compile(r"(?<!\d)[1-9]\d{16}[0-9Xx](?![0-9A-Za-z])")
_ID15 = re.compile(r"(?<!\d)[1-9]\d{14}(?!\d)")
_MOBILE = re.compile(r"(?<!\d)((?:\+?86[- ]?|0086[- ]?)?)(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
_LANDLINE = re.compile(r"(?<![\d-])(0\d{2,3})-(\d{3,4})(\d{4})(?![\d-])")
_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_BUILDING = re.compile(r"^.*?(?:号楼|栋|幢|座)")


def mask_phone(phone: str) -> str:
    """138****5678; a landline keeps its area code and last two digits."""
    digits = re.sub(r"\D", "", phone)
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
    """Free text with phones, identity numbers and e-mail addresses masked; dates and case numbers stay."""
    text = _ID18.sub(lambda m: f"{m.group()[:3]}{'*' * 11}{m.group()[-4:]}", text)
    text = _ID15.sub(lambda m: f"{m.group()[:3]}{'*' * 9}{m.group()[-3:]}", text)
    text = _MOBILE.sub(r"\1\2****\4", text)
    text = _LANDLINE.sub(r"\1-****\3", text)
    return mask_email(text)
