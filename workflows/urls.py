"""Pages of the staff around one case; the inbox has its own."""

from django.urls import path, register_converter

from workflows.views import case_page, poster, report, requests, transitions


class CaseNumber:
    """The number of a case, and nothing else that may stand under cases/."""

    regex = r"\d{4}-\d{6,12}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CaseNumber, "number")
app_name = "workflows"
urlpatterns = [
    path("report/", report.report, name="report"),
    path("report/<number:number>/", report.receipt, name="receipt"),
    path("posters/<str:code>/", poster.poster, name="poster"),
    path("requests/", requests.requests_list, name="requests"),
    path("requests/<int:pk>/decide/", requests.decide_request, name="decide_request"),
    path("requests/<int:pk>/withdraw/", requests.withdraw_request, name="withdraw_request"),
    path("cases/<number:number>/", case_page.show_case, name="case"),
    path("cases/<number:number>/reporter/", case_page.reporter, name="reporter"),
    path("cases/<number:number>/link/", report.issue_link, name="issue_link"),
    path("cases/<number:number>/transitions/<slug:name>/", transitions.transition, name="transition"),
    path("cases/<number:number>/requests/<slug:kind>/", requests.ask_request, name="ask_request"),
]
