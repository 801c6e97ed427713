# One service: docker build --build-arg SERVICE=Socket . (or Broadcast, TenantAdmin). Its sidecar runs in a container of its own.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG SERVICE
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY libs libs
COPY services services
RUN dotnet publish "services/$SERVICE" --configuration Release --output /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
ARG SERVICE
ENV SERVICE=$SERVICE PORT=4000
WORKDIR /app
COPY --from=build /app .
USER app
EXPOSE 4000
ENTRYPOINT ["sh", "-c", "exec dotnet \"Realtime.$SERVICE.dll\""]
