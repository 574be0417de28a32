"""Councils: every move of topics, meetings, polls, decisions, notices, minutes, follow-ups and projects."""
