"""The extensions, made once without an application and attached by create_app."""

from __future__ import annotations

from flask_babel import Babel
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_security import Security

from survey.models import db

__all__ = ["babel", "compress", "db", "limiter", "migrate", "security"]

babel = Babel()
compress = Compress()
limiter = Limiter(get_remote_address)
migrate = Migrate()
security = Security()
