"""Pages of residents, under r/: the token in the path is the key."""

from django.urls import path

from workflows.views import public, public_again, public_figures, public_messages, public_rating

app_name = "public"
urlpatterns = [
    path("figures/", public_figures.published, name="figures"),
    path("report/<str:area_code>/", public.report, name="report"),
    path("s/<slug:token>/", public_rating.rate, name="rate"),
    path("<slug:token>/", public.show_case, name="case"),
    path("<slug:token>/survey/", public_rating.survey, name="survey"),
    path("<slug:token>/reopen/", public.reopen, name="reopen"),
    path("<slug:token>/again/", public_again.again, name="again"),
    path("<slug:token>/thanks/", public.thanks, name="thanks"),
    path("<slug:token>/messages/", public_messages.messages, name="messages"),
    path("<slug:token>/stop/", public_messages.stop, name="stop"),
    path("<slug:token>/receipt/", public.receipt, name="receipt"),
]
