# docker build -t perennial:0.1.0 .
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /perennial
COPY package.json package-lock.json ./
# The `node` devDependency would download the Node that the image has already.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json rolldown.config.ts ./
COPY src src
RUN npx rolldown -c && chmod +x dist/main.js

FROM ${BASE}
ENV NODE_ENV=production
WORKDIR /perennial
COPY --from=build /perennial/package.json ./
# One file holds all that it needs; its first line says with which limits Node runs it.
COPY --from=build /perennial/dist/main.js /perennial/dist/certificates.js dist/
# The user `node` of the base image, as a number, so that kubelet can see that it is not root.
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["/perennial/dist/main.js"]
