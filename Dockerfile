# One static binary and nothing else: time zones, authorities and templates are inside. It runs as nobody, and writes only
# to /var/lib/drumbeat. `make image` says which commit it is of.
FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION REVISION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION -X main.revision=$REVISION" -o /out/drumbeat ./cmd/drumbeat \
 && mkdir /out/state

FROM scratch
COPY --from=build /out/drumbeat /drumbeat
COPY --from=build --chown=65534:65534 /out/state /var/lib/drumbeat
USER 65534:65534
WORKDIR /var/lib/drumbeat
ENTRYPOINT ["/drumbeat"]
CMD ["serve", "--config", "/etc/drumbeat/drumbeat.yaml"]
