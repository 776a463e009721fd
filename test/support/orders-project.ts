/** A project of one local process. */

/** Its file: `orders` answers everybody, with nothing. `more`: what follows it in the spec, as YAML. */
export const ordersProject = (more = ''): string => `
apiVersion: greenroom.dev/v1
kind: Mesh
metadata: { name: shop }
spec:
  namespace: shop
  services:
    orders:
      command: [node, -e, "require('http').createServer((q, s) => s.end()).listen(process.env.PORT, '127.0.0.1')"]
      ports: [{ name: http, port: 80, targetPort: 8080 }]
${more}`;
