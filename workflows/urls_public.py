"""Pages of residents, under r/: the token in the path is the key."""

from django.urls import path

from workflows.views import public

app_name = "public"
urlpatterns = [
    path("report/<str:area_code>/", public.report, name="report"),
    path("<slug:token>/", public.show_case, name="case"),
    path("<slug:token>/survey/", public.survey, name="survey"),
    path("<slug:token>/reopen/", public.reopen, name="reopen"),
    path("<slug:token>/thanks/", public.thanks, name="thanks"),
    path("<slug:token>/receipt/", public.receipt, name="receipt"),
]
