"""Pages of the staff around one case; the inbox has its own."""

from django.urls import path, register_converter

from workflows.views import (
    audit,
    bulletin,
    calendars,
    case_page,
    clocks,
    dashboard,
    desk_acts,
    figures,
    imports,
    leaves,
    ledgers,
    limits,
    near,
    orders,
    poster,
    report,
    requests,
    transitions,
    workload,
)


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
    path("report/near/", near.while_typing, name="near"),
    path("report/<number:number>/", report.receipt, name="receipt"),
    path("report/<number:number>/same/", near.same_matter, name="same_matter"),
    path("posters/<str:code>/", poster.poster, name="poster"),
    path("limits/", limits.versions, name="limits"),
    path("limits/import/", limits.import_table, name="import_limits"),
    path("limits/<int:number>/", limits.version, name="limit_version"),
    path("limits/<int:number>/download/", limits.download, name="download_limits"),
    path("limits/<int:number>/apply/", limits.apply_limits, name="apply_limits"),
    path("calendars/", calendars.calendar_list, name="calendars"),
    path("calendars/<str:code>/", calendars.this_year, name="calendar"),
    path("calendars/<str:code>/<int:year>/", calendars.year, name="calendar_year"),
    path("calendars/<str:code>/notice/", calendars.take, name="take_notice"),
    path("leaves/", leaves.leaves, name="leaves"),
    path("leaves/for/<int:pk>/", leaves.for_colleague, name="leave_for"),
    path("leaves/<int:pk>/end/", leaves.end, name="end_leave"),
    path("clocks/", clocks.clocks, name="clocks"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/template.xlsx", imports.template, name="import_template"),
    path("imports/<int:pk>/", imports.show_import, name="import"),
    path("imports/<int:pk>/report.xlsx", imports.report, name="import_report"),
    path("imports/<int:pk>/<slug:name>/", imports.act, name="import_act"),
    path("ledger/<slug:kind>/", ledgers.export, name="export_ledger"),
    path("audit/", audit.audit, name="audit"),
    path("audit/checks/<int:pk>/", audit.check, name="history_check"),
    path("audit/accesses/", audit.accesses, name="accesses"),
    path("audit/seals/find/", audit.look_up, name="find_seal"),
    path("audit/seals/<slug:digest>/", audit.seal, name="seal"),
    path("audit/seals/<slug:digest>/sheet/", audit.seal_sheet, name="seal_sheet"),
    path("audit/seals/<slug:digest>/sheet.pdf", audit.seal_pdf, name="seal_pdf"),
    path("audit/seals/<slug:digest>/list/", audit.seal_list, name="seal_list"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("bulletin/", bulletin.bulletin, name="bulletin"),
    path("bulletin/bulletin.pdf", bulletin.bulletin_pdf, name="bulletin_pdf"),
    path("figures/", figures.figures, name="figures"),
    path("figures/<slug:name>/<slug:side>/", figures.behind, name="figure_cases"),
    path("workload/", workload.workload, name="workload"),
    path("workload/<slug:what>/", workload.behind, name="workload_cases"),
    path("overdue/done/<uuid:key>/", desk_acts.desk_done, name="desk_done"),
    path("overdue/<slug:kind>/", desk_acts.desk_act, name="desk_act"),
    path("requests/", requests.requests_list, name="requests"),
    path("requests/<int:pk>/decide/", requests.decide_request, name="decide_request"),
    path("requests/<int:pk>/withdraw/", requests.withdraw_request, name="withdraw_request"),
    path("orders/", orders.order_list, name="orders"),
    path("orders/<int:pk>/", orders.show_order, name="order"),
    path("orders/<int:pk>/sheet/", orders.sheet, name="order_sheet"),
    path("orders/<int:pk>/sheet.pdf", orders.sheet_pdf, name="order_pdf"),
    path("orders/<int:pk>/<slug:act>/", orders.act_on_order, name="act_on_order"),
    path("cases/<number:number>/order/", orders.issue_order, name="issue_order"),
    path("cases/<number:number>/", case_page.show_case, name="case"),
    path("cases/<number:number>/clocks/", clocks.case_clocks, name="case_clocks"),
    path("cases/<number:number>/reporter/", case_page.reporter, name="reporter"),
    path("cases/<number:number>/survey-slip/", report.survey_slip, name="survey_slip"),
    path("cases/<number:number>/link/", report.issue_link, name="issue_link"),
    path("cases/<number:number>/transitions/<slug:name>/", transitions.transition, name="transition"),
    path("cases/<number:number>/requests/<slug:kind>/", requests.ask_request, name="ask_request"),
]
