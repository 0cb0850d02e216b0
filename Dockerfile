# Visual Prompt Lab.   docker build -t visual-prompt-lab .
# With an NVIDIA GPU:  docker build -t visual-prompt-lab:cuda --build-arg TORCH=cuda .
# Behind a mirror:     --build-arg PYPI=https://… --build-arg TORCH_CPU=https://…
# See docs/deployment.md.
FROM python:3.11-slim-bookworm

# cpu: torch's own index of builds without CUDA, 200 MB; cuda: the usual build, about 5 GB.
ARG TORCH=cpu
ARG TORCH_CPU=https://download.pytorch.org/whl/cpu
ARG PYPI=https://pypi.org/simple

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

# torch alone first, then the rest: a change of the code, or of another requirement, does not bring torch anew.
COPY requirements.txt ./
RUN grep -E '^(torch|torchvision)==' requirements.txt > torch.txt \
    && if [ "$TORCH" = cpu ]; then index=$TORCH_CPU; else index=$PYPI; fi \
    && pip install --index-url "$index" --extra-index-url "$PYPI" -r torch.txt
RUN pip install --index-url "$PYPI" -r requirements.txt

RUN useradd --system --uid 10001 --home-dir /home/vpl --create-home vpl \
    && install -d -o vpl -g vpl /data/cache /data/results

COPY .streamlit/config.toml .streamlit/config.toml
COPY precomputed precomputed
COPY vpe_core vpe_core
COPY dashboard dashboard
COPY pages pages
COPY app.py LICENSE ./
# pip has compiled the libraries; without this, each start would compile the app.
RUN python -m compileall -q vpe_core dashboard

# The root file system may be read-only: what is written lies in the two volumes and in /tmp.
ENV VPE_CACHE_DIR=/data/cache \
    VPE_RESULTS_DIR=/data/results \
    HOME=/tmp
VOLUME ["/data/cache", "/data/results"]
USER vpl
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; b = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); u.urlopen(f'http://127.0.0.1:8501/{b}/_stcore/health' if b else 'http://127.0.0.1:8501/_stcore/health', timeout=4)"]

STOPSIGNAL SIGTERM
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.address", "0.0.0.0", "--server.port", "8501"]
