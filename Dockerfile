# The images of chatcluster; `make images` builds them. Every stage works with BuildKit and without it. Targets:
#
#   chatcluster            gateway, hub and worker: one image, the command says which
#   chatcluster-operator   the operator, which alone needs a client of Kubernetes
#   chatcluster-dev        all of them, from files that `skaffold dev` may replace while they run
#
# Where packages come from is taken from the environment of the build: --build-arg PIP_INDEX_URL (also PIP_EXTRA_INDEX_URL,
# PIP_TRUSTED_HOST and HTTP_PROXY, HTTPS_PROXY, NO_PROXY); nothing of it is left in an image. A base image of one's own, pinned
# by its digest or with certificates of one's own: --build-arg PYTHON_IMAGE.
ARG PYTHON_IMAGE=python:3.11-slim

# The locked dependencies, in a virtual environment without pip. Bytecode is made in the build, since nothing can be written
# where it runs. It is made without times, and files and folders from the root down get one time: so the same files give the
# same layer.
FROM ${PYTHON_IMAGE} AS dependencies
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/chatcluster \
 && mkdir -p /layer/opt && mv /opt/chatcluster /layer/opt/ && ln -s /layer/opt/chatcluster /opt/
COPY requirements/image.txt requirements/
RUN pip --python /opt/chatcluster/bin/python install -q --no-compile --require-hashes -r requirements/image.txt \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/chatcluster/lib \
 && find /layer -exec touch --no-dereference --date=@0 {} +

# The same for the operator, whose lock names all of them anew.
FROM dependencies AS operator-dependencies
COPY requirements/operator-image.txt requirements/
RUN pip --python /opt/chatcluster/bin/python install -q --no-compile --require-hashes -r requirements/operator-image.txt \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/chatcluster/lib \
 && find /layer -exec touch --no-dereference --date=@0 {} +

# Our own packages, as one wheel, made with a locked setuptools that no image gets. Apart from the dependencies, so that a new
# version of ours is a small layer.
FROM dependencies AS own
RUN python -m venv --without-pip /opt/build
COPY requirements/build.txt requirements/
RUN pip --python /opt/build/bin/python install -q --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY services services
COPY operator operator
RUN SOURCE_DATE_EPOCH=315532800 pip --python /opt/build/bin/python wheel -q --no-deps --no-build-isolation -w /wheels . \
 && pip --python /opt/chatcluster/bin/python install -q --no-compile --no-deps --prefix /own/opt/chatcluster /wheels/*.whl \
 && python -m compileall -q -s /own -p / --invalidation-mode unchecked-hash /own/opt \
 && find /own -exec touch --no-dereference --date=@0 {} +

# For `skaffold dev`: an editable install of files that belong to the user of the image, and a restart when one changes.
FROM operator-dependencies AS dev-packages
COPY requirements/build.txt requirements/dev-image.txt requirements/
RUN pip --python /opt/chatcluster/bin/python install -q --require-hashes -r requirements/build.txt -r requirements/dev-image.txt
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY services services
COPY operator operator
RUN pip --python /opt/chatcluster/bin/python install -q --no-deps --no-build-isolation -e .

# What every image that runs has in common. Python's images come without bytecode of the standard library, and each start would
# compile it anew.
FROM ${PYTHON_IMAGE} AS runtime
RUN cd /usr/local/lib/python3.11 \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
    -x '/(test|tests|idlelib|tkinter|turtledemo|lib2to3|ensurepip|distutils|pydoc_data|site-packages)/' . \
 && find . -name site-packages -prune -o \( -type d -o -name '*.pyc' \) -exec touch --date=@0 {} +
ENV PATH=/opt/chatcluster/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ARG PYTHON_IMAGE
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}"

FROM runtime AS chatcluster-dev
COPY --from=dev-packages /layer/ /
COPY --from=dev-packages --chown=10001:10001 /app /app
COPY docker/restart-on-change /usr/local/bin/
USER 10001:10001
ENTRYPOINT ["restart-on-change", "/app/services", "chatcluster"]
LABEL org.opencontainers.image.title="chatcluster-dev" \
      org.opencontainers.image.description="chatcluster from files that may be replaced while it runs: for development alone"

FROM runtime AS chatcluster
COPY --from=dependencies /layer/ /
COPY --from=own /own/ /
# A number, because Kubernetes cannot tell whether a name is root's.
USER 10001:10001
ENTRYPOINT ["chatcluster"]
# Clients; health, metrics and the rest of the admin API.
EXPOSE 8000 9000
LABEL org.opencontainers.image.title="chatcluster" \
      org.opencontainers.image.description="Gateway, hub and worker of a Socket.IO chat that scales out"

FROM runtime AS chatcluster-operator
COPY --from=operator-dependencies /layer/ /
COPY --from=own /own/ /
USER 10001:10001
ENTRYPOINT ["python", "-m", "chat_operator"]
LABEL org.opencontainers.image.title="chatcluster-operator" \
      org.opencontainers.image.description="Scales the gateways of chatcluster and switches its mode, from a ChatCluster"
