"""Mandates of owners: who hands in a paper for another, as far as the rules allow it.

A seat's mandate is `mandates.py`. An owner's comes with the paper, which itself says how they vote.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cases.lib.crypto import blind_index, normal_phone
from cases.models import Ballot, Elector, Poll
from workflows.council.acts import words
from workflows.council.packs import rules_of

PHONE_DIGITS = range(7, 16)


@dataclass(frozen=True)
class Holder:
    """Who votes for an owner: known by the phone, so that one cannot hold more by writing the name otherwise.

    `party` is the code of the council's party they are of, empty when of none; `is_told` whether the document says how
    to vote and the paper says the same.
    """

    name: str
    phone: str
    document: str
    party: str = ""
    is_told: bool = False


def check_holder(poll: Poll, elector: Elector, holder: Holder) -> None:
    """Refuse, at its field, what the rules of the ballot do not allow; the poll is locked.

    Raises ValidationError (no mandates here, a name, phone or document missing, the owner themselves, of a barred
    party, not told how, or as many held as one may).
    """
    proxy = rules_of(poll.pack).proxy
    if not proxy.allowed:
        raise ValidationError({"holder": _("本次表决的规则不允许委托他人投票。")})
    name = words("holder", holder.name, _("请写明受托人姓名。"), longest=50)
    words("document", holder.document, _("请写明委托书的编号或说明。"), longest=120)
    if len(normal_phone(holder.phone)) not in PHONE_DIGITS:
        raise ValidationError({"holder_phone": _("请写明受托人的电话：凭电话核对一人受托几份。")})
    if elector.owner is not None and name == elector.owner.name:
        raise ValidationError({"holder": _("这就是业主本人，不用写受托人。")})
    if holder.party in proxy.barred_roles:
        raise ValidationError({"holder_party": _("这一方的人不能受托投票。")})
    if proxy.instructed and not holder.is_told:
        raise ValidationError({"is_told": _("委托书须写明投什么意见，并与这张票一致，否则不能计票。")})
    if votes_held(poll, holder) >= proxy.cap:
        raise ValidationError({"holder": _("一人最多受托 %(n)s 份，这一位已经满了。") % {"n": proxy.cap}})


def votes_held(poll: Poll, holder: Holder) -> int:
    """How many votes that count this person has handed in for others."""
    return Ballot.objects.filter(poll=poll, holder_index=blind_index(holder.phone), struck_at=None).count()


def note_holder(ballot: Ballot, holder: Holder) -> None:
    """Write on the vote who handed it in; not saved."""
    ballot.holder, ballot.holder_index = holder.name.strip(), blind_index(holder.phone)
    ballot.document = holder.document.strip()
