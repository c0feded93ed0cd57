# A static binary and nothing else: zones are embedded, templates too, and it runs as nobody.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/drumbeat ./cmd/drumbeat \
 && mkdir -p /out/state /out/tmp && chmod 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/drumbeat /drumbeat
COPY --from=build /out/tmp /tmp
COPY --from=build --chown=65534:65534 /out/state /var/lib/drumbeat
USER 65534:65534
WORKDIR /var/lib/drumbeat
ENTRYPOINT ["/drumbeat"]
CMD ["serve", "--config", "/etc/drumbeat/drumbeat.yaml"]
