"""All settings: one file, driven by the environment, safe in production by default."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import channels, env

BASE_DIR = Path(__file__).resolve().parent.parent
env.load(BASE_DIR)

DEBUG = env.boolean("ZHUOLUO_DEBUG", default=False)
DEMO = env.boolean("ZHUOLUO_DEMO", default=False)
SECRET_KEY = env.secret_key()
FIELD_KEYS = env.field_keys()  # "id:base64 of 32 bytes", comma separated, the first one encrypts
INDEX_KEY = env.index_key()  # base64 of 32 bytes: blind index of phones
DATA_DIR = (BASE_DIR / env.text("ZHUOLUO_DATA_DIR", "var")).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # the database, photographs and mail of residents are in it
BIND = env.text("ZHUOLUO_BIND", "127.0.0.1")
PORT = env.integer("ZHUOLUO_PORT", default=8000)
BASE_URL = env.url("ZHUOLUO_BASE_URL", f"http://127.0.0.1:{PORT}", schemes=("https", "http")).rstrip("/")
SOURCE_URL = env.url("ZHUOLUO_SOURCE_URL", "", schemes=("https", "http"))
ALLOWED_HOSTS = env.words("ZHUOLUO_ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]  # behind a proxy that does not pass the host on
WEB_WORKERS = env.integer("ZHUOLUO_WEB_WORKERS", default=2, highest=64)
WEB_THREADS = env.integer("ZHUOLUO_WEB_THREADS", default=4, highest=64)
WORKER_PROCESSES = env.integer("ZHUOLUO_WORKER_PROCESSES", default=2, highest=64)

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "notifications",
    "workflows",
    "cases",
    "viewflow",
    "viewflow.workflow",
    "treebeard",
    "django_htmx",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.apps.OurStaticFilesConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.ConflictMiddleware",
    "config.middleware.NudgeMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "config.forms.FormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,  # config comes first, so its templates win
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.page",
            ]
        },
    }
]

DATABASES = {"default": env.database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "cases.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

REDIS_URL = env.url("REDIS_URL", "", schemes=("redis", "rediss", "unix"))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "zhuoluo",  # the broker's queues are in the same database
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "media"
FILE_UPLOAD_PERMISSIONS = 0o600
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

HTTPS = env.boolean("ZHUOLUO_HTTPS", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # probes come without the proxy
# W005, W021: whether other names under this domain may still speak plain HTTP is not ours to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_AGE = 12 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

CA_FILE = channels.authorities()
_email = env.email("ZHUOLUO_EMAIL_URL", DATA_DIR)
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_FILE_PATH = _email.get("EMAIL_FILE_PATH")
EMAIL_HOST = _email.get("EMAIL_HOST", "")
EMAIL_PORT = _email.get("EMAIL_PORT", 25)
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # without one a silent mail server holds a worker until its time limit
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("ZHUOLUO_EMAIL_FROM", "zhuoluo@localhost")

# Other ways to people: where the platforms are, and by which keys they know us.
SMS_URL = channels.sms_url()
SMS_KEY, SMS_SECRET = env.text("ZHUOLUO_SMS_KEY"), env.text("ZHUOLUO_SMS_SECRET")
SMS_SIGNATURE = env.text("ZHUOLUO_SMS_SIGNATURE", "着落")
channels.together("WECOM_CORP_ID", "WECOM_SECRET", "WECOM_AGENT_ID")
WECOM_BASE_URL = channels.platform("WECOM", "https://qyapi.weixin.qq.com")
WECOM_CORP_ID, WECOM_SECRET = env.text("ZHUOLUO_WECOM_CORP_ID"), env.text("ZHUOLUO_WECOM_SECRET")
WECOM_AGENT_ID = env.integer("ZHUOLUO_WECOM_AGENT_ID", default=0, lowest=0, highest=2**31 - 1)
DINGTALK_BASE_URL = channels.platform("DINGTALK", "https://oapi.dingtalk.com")
FEISHU_BASE_URL = channels.platform("FEISHU", "https://open.feishu.cn")
channels.together("WECHAT_APP_ID", "WECHAT_SECRET", "WECHAT_TEMPLATE_ID")
WECHAT_BASE_URL = channels.platform("WECHAT", "https://api.weixin.qq.com")
WECHAT_APP_ID, WECHAT_SECRET = env.text("ZHUOLUO_WECHAT_APP_ID"), env.text("ZHUOLUO_WECHAT_SECRET")
WECHAT_TEMPLATE_ID, WECHAT_FIELDS = env.text("ZHUOLUO_WECHAT_TEMPLATE_ID"), channels.fields()
WEBHOOK_NETWORKS = channels.networks()

# Messages that make a phone ring wait for the morning; 特急 does not.
QUIET_HOURS = env.hours("ZHUOLUO_QUIET_HOURS", "21:00-07:30")

LEADERBOARDS = env.boolean("ZHUOLUO_LEADERBOARDS", default=False)  # figures by rank instead of by name
PUBLIC_FIGURES = env.boolean("ZHUOLUO_PUBLIC_FIGURES", default=DEMO)  # the rates of the district without a login
FIGURES_MIN_SAMPLE = env.integer("ZHUOLUO_FIGURES_MIN_SAMPLE", default=10, highest=1000)  # for a percentage of a part

LOG_LEVEL = env.choice("ZHUOLUO_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"masked": {"()": "config.logs.MaskingFormatter", "format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "masked"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Django's own handlers go: they mask nothing, and one mails the request to the administrators.
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.db.backends": {"level": "INFO"},  # DEBUG prints the values of every statement
        "celery": {"level": "WARNING" if LOG_LEVEL == "INFO" else LOG_LEVEL},  # else two lines for every tick
        "cases": {"level": LOG_LEVEL},
        "workflows": {"level": LOG_LEVEL},
        "notifications": {"level": LOG_LEVEL},
        "config": {"level": LOG_LEVEL},
    },
}

CELERY_BROKER_URL = env.broker_url(REDIS_URL)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker as long as it takes
CELERY_TASK_TIME_LIMIT = 120  # below the visibility timeout, or a slow task would run twice
CELERY_TASK_PUBLISH_RETRY = False  # a request does not wait for the broker: the sweep finds the row
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 180,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_TIMEZONE = TIME_ZONE
