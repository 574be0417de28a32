"""Addresses of records, under /cases/."""

from django.urls import path

from cases.views import files, ledgers

app_name = "cases"
urlpatterns = [
    path("", ledgers.ledger, name="ledger"),
    path("<str:number>/photos/<int:pk>/", files.photo, name="photo"),
]
