# docker build -t perennial:0.1.0 .
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /perennial
COPY package.json package-lock.json ./
# The `node` devDependency would download the Node that the image has already.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /perennial
COPY --from=build /perennial/package.json ./
COPY --from=build /perennial/node_modules node_modules
COPY --from=build /perennial/dist dist
# The user `node` of the base image, as a number, so that kubelet can see that it is not root.
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["node", "dist/main.js"]
