# The controller, and `berth` itself: docker build -t berth:0.1.0 . Then set the image where Berth is installed from.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: what they would build or fetch, this image does without.
RUN npm ci --ignore-scripts
COPY .ci/build.ts .ci/
COPY cli cli
COPY controller controller
RUN node .ci/build.ts

FROM node:24.21.0-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/dist dist
COPY --from=build /app/controller/session/vm controller/session/vm
# What is not part of the bundle, and what it needs.
COPY --from=build /app/node_modules/ssh2 node_modules/ssh2
COPY --from=build /app/node_modules/asn1 node_modules/asn1
COPY --from=build /app/node_modules/bcrypt-pbkdf node_modules/bcrypt-pbkdf
COPY --from=build /app/node_modules/safer-buffer node_modules/safer-buffer
COPY --from=build /app/node_modules/tweetnacl node_modules/tweetnacl
# By number, so that `runAsNonRoot` can be checked.
USER 65532:65532
ENTRYPOINT ["node", "/app/dist/berth.mjs"]
CMD ["controller", "--store=cluster", "--state=/var/lib/berth", "--http=0.0.0.0:8080", "--log-api=8443"]
