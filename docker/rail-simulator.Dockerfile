# Built from the root of the project: docker build -f docker/rail-simulator.Dockerfile .
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
COPY docker/gpo /usr/local/bin/gpo
COPY docker/healthy.mjs docker/healthy.mjs
ENV SIMULATOR_HOST=0.0.0.0 SIMULATOR_PORT=3003 SIMULATOR_BANK_PORT=3008
RUN mkdir data && chown node data
USER node
EXPOSE 3003 3008
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 CMD ["node", "docker/healthy.mjs", "3003"]
CMD ["node", "dist/apps/rail-simulator/src/main.js"]
