# The one image of all programs (docs/decisions/0006). `make image` stages what goes in and builds it with whichever of
# docker, podman or buildah is there; the build itself needs no network but for the base image.
ARG BASE_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
FROM ${BASE_IMAGE}

# Two arenas: glibc's default of eight per core keeps memory that is never used again.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
COPY node_modules node_modules
COPY app ./

# Everything belongs to root and is only read; the number, not the name, so that `runAsNonRoot` can check it.
USER 1000:1000
# Node itself is PID 1 and handles SIGTERM. Arguments choose the program: `services/bq-writer/main.ts`.
ENTRYPOINT ["node"]
CMD ["services/mqtt-bridge/main.ts", "--help"]
