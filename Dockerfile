# One file for all programs: docker build --build-arg SERVICE=loms --tag ordermesh/loms .
# SERVICE is loms, checkout, product, payments, notifications, tables, identity, gateway (with the pages in it), or ordermesh,
# the command line.
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /workspace
# The packages are a layer of their own, which only a change of the lock file makes anew.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
COPY patches patches
RUN npx -y pnpm@10.34.9 fetch
COPY . .
RUN npx -y pnpm@10.34.9 install --frozen-lockfile --offline \
    && node tools/generate.mjs \
    && node tools/build.mjs

# What a program needs to run: its bundle, and the files that it reads at run time.
FROM build AS program
ARG SERVICE
RUN if [ ! -f "apps/${SERVICE}/dist/main.js" ]; then \
        echo "There is no program '${SERVICE}': give --build-arg SERVICE=loms, or another folder of apps/."; exit 1; \
    fi \
    && rm -rf "apps/${SERVICE}/node_modules" "apps/${SERVICE}/src" "apps/${SERVICE}/bin"

FROM ${NODE_IMAGE}
ARG SERVICE
LABEL org.opencontainers.image.title="ordermesh-${SERVICE}" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production SERVICE=${SERVICE}
COPY deploy/container/healthcheck.mjs /app/
COPY --from=program /workspace/apps/${SERVICE}/ /app/apps/${SERVICE}/
WORKDIR /app/apps/${SERVICE}
# Where compose.yaml mounts keys: an empty volume takes over who may write here.
RUN install -d -o 1000 -g 1000 -m 0700 /keys
# The image's own unprivileged user, as a number: Kubernetes can not tell of a name that it is not root. Nothing is written
# anywhere, so the root file system may be read-only.
USER 1000:1000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["node", "/app/healthcheck.mjs"]
# Node itself is process 1 and gets the signals: SIGTERM lets it finish what is under way, for up to 35 seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
