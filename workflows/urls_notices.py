"""Public notices, under n/: no login."""

from django.urls import URLPattern, path

from workflows.views.council import notices, owners_vote

app_name = "notices"
urlpatterns: list[URLPattern] = [
    path("vote/<slug:token>/", owners_vote.vote, name="vote"),
    path("<slug:slug>/", notices.show_notice, name="notice"),
    path("<slug:slug>/print/", notices.sheet, name="notice_print"),
    path("<slug:slug>/notice.pdf", notices.sheet_pdf, name="notice_pdf"),
    path("<slug:slug>/photo/", notices.photo, name="notice_photo"),
]
