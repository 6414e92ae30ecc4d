# Built from the root of the project: docker build -f docker/gateway.Dockerfile .
FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY apps apps
COPY libs libs
COPY tools tools
RUN node node_modules/@nestjs/cli/bin/nest.js build gateway
# Optional packages are PostgreSQL for the local stack; an image uses a PostgreSQL of its own.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:22-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY LICENSE ./
COPY nussknacker nussknacker
COPY docs/errors.md docs/errors.md
COPY tools/audit tools/audit
COPY docker/gpo /usr/local/bin/gpo
COPY docker/healthy.mjs docker/healthy.mjs
ENV GATEWAY_HOST=0.0.0.0 GATEWAY_PORT=3000
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 CMD ["node", "docker/healthy.mjs", "3000"]
CMD ["node", "dist/apps/gateway/src/main.js"]
