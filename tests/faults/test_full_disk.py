"""A disk that is full during a batch: a clear refusal, nothing half done, and the tool goes on when there is space."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url

from lti_tool import schema
from lti_tool.db import open_engine, writing
from lti_tool.ids import new_id
from lti_tool.ledger import allotment
from lti_tool.licenses import api_keys
from tests.conftest import MakeApp
