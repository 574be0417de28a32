"""Pages of campaigns, visits, area heads and the training."""

from django.urls import URLPattern, path

from workflows.views import campaigns, heads, household_import, training, visits

app_name = "campaigns"
urlpatterns: list[URLPattern] = [
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/new/", campaigns.new_campaign, name="new_campaign"),
    path("campaigns/<slug:code>/", campaigns.show_campaign, name="campaign"),
    path("campaigns/<slug:code>/edit/", campaigns.edit_campaign, name="edit_campaign"),
    path("campaigns/<slug:code>/questions/", campaigns.questions, name="questions"),
    path("campaigns/<slug:code>/sheet/", campaigns.sheet, name="campaign_sheet"),
    path("campaigns/<slug:code>/sheet.pdf", campaigns.sheet_pdf, name="campaign_pdf"),
    path("visits/", visits.home, name="visits"),
    path("visits/log/", visits.log, name="visit_log"),
    path("visits/households/", visits.households, name="households"),
    path("visits/households/new/", visits.edit_household, name="new_household"),
    path("visits/households/import/", household_import.import_households, name="import_households"),
    path("visits/households/template.xlsx", household_import.template, name="household_template"),
    path("visits/households/<int:pk>/", visits.household, name="household"),
    path("visits/households/<int:pk>/edit/", visits.edit_household, name="edit_household"),
    path("visits/contacts/<int:pk>/end/", visits.stop_contact, name="end_contact"),
    path("heads/", heads.heads, name="heads"),
    path("heads/<int:pk>/end/", heads.end, name="end_head"),
    path("training/", training.training, name="training"),
    path("training/participants/<int:pk>/", training.mark_absent, name="mark_absent"),
    path("training/cases/<int:pk>/", training.exemplary, name="exemplary"),
    path("training/cases/<int:pk>/<slug:act>/", training.act_on_exemplary, name="act_on_exemplary"),
    path("training/write/<str:number>/", training.write_up, name="write_up"),
    path("training/<slug:kind>/new/", training.edit, name="new_training"),
    path("training/courses/<slug:code>/", training.course, name="course"),
    path("training/<slug:kind>/<int:pk>/edit/", training.edit, name="edit_training"),
]
