"""Topics: what is put before a council is looked at, taken up, merged, or given back to its case."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.council_terms import DecisionState
from cases.models import Council, Decision, Topic, User
from cases.terms import DecisionOutcome, EventType, State
from workflows.commands.council import return_from_council
from workflows.council import access
from workflows.council.acts import locked, locked_council, make, say, words
from workflows.council.packs import pack_of, rules_of
from workflows.machines import TopicLifecycle

SCREENING = ("accept", "reject", "refuse", "merge")
LONGEST_REASON = 300
REOPENED = (DecisionState.REMANDED, DecisionState.ANNULLED)


@transaction.atomic
def screen_topic(
    *, topic_id: int, verdict: str, actor: User, now: datetime, reason: str = "", other_id: int | None = None
) -> Topic:
    """Take a topic up, or not: `verdict` is accept, reject, refuse (not for this body) or merge (into another).

    What is not taken up gives its cases back; what is merged brings its cases along. Raises TransitionNotAllowed,
    PermissionDenied (no secretary), ValidationError (no reason, no other topic, decided on too recently).
    """
    council = locked_council(Topic.objects.only("council_id").get(pk=topic_id).council_id)
    topic = locked(TopicLifecycle, topic_id)
    access.require_secretary(council, actor, "screen_topic")
    if verdict not in SCREENING:
        raise ValidationError(_("请选择怎样处理这个议题。"))
    topic.reason = reason.strip()[:LONGEST_REASON] if verdict == "accept" else topic.reason
    if verdict == "accept":
        make(topic, "accept")
    elif verdict == "merge":
        make(topic, "merge", other=_other(council, topic, other_id))
    else:
        topic.reason = words("reason", reason, _("请写明理由，提请的人会看到。"), longest=LONGEST_REASON)
        make(topic, verdict)
    topic.screened_by, topic.screened_at = actor, now
    topic.save(update_fields=["state", "reason", "merged_into", "screened_by", "screened_at"])
    say(council, EventType.TOPIC_SCREENED, actor=actor, now=now, topic=topic.pk, move=verdict, reason=topic.reason)
    if verdict == "merge" and topic.merged_into is not None:
        topic.merged_into.cases.add(*topic.cases.all())
    if verdict in ("reject", "refuse"):
        for case in topic.cases.filter(state=State.DELIBERATING, council=council).order_by("pk"):
            return_from_council(case_id=case.pk, actor=actor, now=now, reason=topic.reason)
    return topic


def _other(council: Council, topic: Topic, other_id: int | None) -> Topic:
    found = Topic.objects.filter(council=council, pk=other_id or 0).exclude(pk=topic.pk)
    other = found.filter(state__in=["pending", "accepted"]).first()
    if other is None:
        raise ValidationError({"other": _("请选择并入哪一个议题。")})
    return other


def resting(topics: Collection[Topic], now: datetime) -> dict[int, datetime]:
    """Until when topics whose case was voted down may not come back; what was remanded or annulled may at once.

    The topics are of one council; a case that was referred anew is the same matter still.
    """
    of_topics = Topic.objects.filter(pk__in=[topic.pk for topic in topics], cases__isnull=False)
    pairs = list(of_topics.values_list("pk", "cases"))
    refused = Decision.objects.filter(
        item__topic__cases__in={case for _topic, case in pairs}, outcome=DecisionOutcome.NOT_ADOPTED
    )
    rows = refused.order_by("recorded_at").values_list("item__topic__cases", "recorded_at", "state") if pairs else ()
    last = {case: (at, state) for case, at, state in rows}
    down = [(topic, last[case][0]) for topic, case in pairs if case in last and last[case][1] not in REOPENED]
    if not down:
        return {}
    council = next(iter(topics)).council
    rest = timedelta(days=rules_of(pack_of(council, timezone.localdate(now))).retable_after_days)
    until: dict[int, datetime] = {}
    for topic, at in down:
        until[topic] = max(at + rest, until.get(topic, at))
    return {key: moment for key, moment in until.items() if moment > now}


def check_rested(topic: Topic, now: datetime) -> None:
    """Raises ValidationError when a topic was voted down too recently to come back."""
    if until := resting([topic], now).get(topic.pk):
        day = timezone.localdate(until).isoformat()
        raise ValidationError(_("“%(topic)s”上次未通过，%(day)s 以后才能再议。") % {"topic": topic, "day": day})
